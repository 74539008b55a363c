#include <QtTest>

#include "support/hugging_face_folder.h"
#include "text/builtin_templates.h"
#include "text/chat_template_factory.h"
#include "text/jinja_chat_template.h"

using namespace hadal;
using test::as_gguf, test::assemble, test::edit, test::read, test::write, test::Json;

namespace {

const QString kBegin = "<｜begin▁of▁sentence｜>", kEnd = "<｜end▁of▁sentence｜>", kUser = "<｜User｜>",
              kAssistant = "<｜Assistant｜>";

/// The published templates of DeepSeek models; none where they are not to be had (see CONTRIBUTING.md).
QStringList published() {
  const QString folder = qEnvironmentVariable("HADAL_TEST_TEMPLATES");
  QStringList out;
  if (folder.isEmpty()) return out;
  for (const QString& name : QDir(folder).entryList({"deepseek-ai-*.jinja", "llama-cpp-deepseek-*.jinja"}))
    out << folder + "/" + name;
  return out;
}

QString text_of(const ChatTemplate& chat, const Json& messages) {
  const auto parts = chat.parts_of_json(messages.dump(), {.add_generation_prompt = true});
  if (!parts) return QString::fromStdString(parts.error().message);
  std::string out;
  for (const TextPart& part : *parts) out += part.text;
  return QString::fromStdString(out);
}

Json turns(const QString& answer) {
  return {{{"role", "system"}, {"content", "S"}},
          {{"role", "user"}, {"content", "1"}},
          {{"role", "assistant"}, {"content", answer.toStdString()}},
          {{"role", "user"}, {"content", "3"}}};
}

}  // namespace

/// Which template every DeepSeek model is asked with: its own from wherever its folder keeps it, and where it brings
/// none, from the folder as well as from a GGUF file made of it, the one its maker trained it on. What that is: the
/// models' cards.
class DeepseekTemplatesTest : public QObject {
  Q_OBJECT

  /// A folder whose vocabulary has DeepSeek's begin at 0, its end at `end` and `tokens` behind.
  static QString make_folder(const QTemporaryDir& place, const QString& model, const QString& name, int end,
                             const QStringList& tokens) {
    const QString assembled = assemble(place, model), folder = place.filePath(name);
    if (assembled != folder && !QDir().rename(assembled, folder)) qFatal("cannot rename to %s", qPrintable(folder));
    const QString path = folder + "/tokenizer.json";
    QByteArray text = read(path);
    text.replace("<|endoftext|>", kBegin.toUtf8()).replace("<|im_start|>", "<｜▁pad▁｜>");
    text.replace("<|im_end|>", end == 2 ? kEnd.toUtf8() : QByteArray("<｜unused｜>"));
    write(path, text);
    edit(path, [&](Json& json) {
      std::erase_if(json["added_tokens"].get_ref<Json::array_t&>(), [](const Json& old) { return old["id"] > 2; });
      const auto add = [&](int id, const QString& token) {
        json["added_tokens"].push_back({{"id", id}, {"content", token.toStdString()}, {"special", true}});
      };
      int id = 320;
      for (const QString& token : tokens) add(id++, token);
      if (end != 2) add(end, kEnd);
    });
    edit(folder + "/config.json", [&](Json& json) {
      Json& own = json.contains("language_config") ? json["language_config"] : json;
      if (end != 2) own["vocab_size"] = end + 1;
      own["eos_token_id"] = end;
    });
    if (end != 2) grow_vocabulary(folder + "/model.safetensors", end + 1);
    write(folder + "/generation_config.json",
          QByteArray::fromStdString(Json{{"bos_token_id", 0}, {"eos_token_id", end}}.dump()));
    return folder;
  }

  /// Rows of zeros behind the others of the token table and the output.
  static void grow_vocabulary(const QString& path, int rows) {
    const QByteArray bytes = read(path);
    const QByteArray data = bytes.last(hadal::test::data_bytes(bytes));
    QByteArray grown;
    hadal::test::edit_header(path, [&](Json& header) {
      for (auto& [name, tensor] : header.items()) {
        if (name == "__metadata__") continue;
        const auto begin = tensor["data_offsets"][0].get<qsizetype>(), end = tensor["data_offsets"][1].get<qsizetype>();
        const qsizetype first = grown.size();
        grown += data.mid(begin, end - begin);
        if (name.find("embed_tokens") != std::string::npos || name.find("lm_head") != std::string::npos) {
          const auto row = (end - begin) / tensor["shape"][0].get<qsizetype>();
          grown.resize(first + rows * row, '\0');
          tensor["shape"][0] = rows;
        }
        tensor["data_offsets"] = {first, grown.size()};
      }
    });
    const QByteArray changed = read(path);
    write(path, changed.first(changed.size() - data.size()) + grown);
  }

 private slots:
  void stand_in_data() {
    QTest::addColumn<QString>("model");
    QTest::addColumn<QStringList>("tokens");
    QTest::addColumn<int>("end");
    QTest::addColumn<QString>("builtIn");
    QTest::addColumn<QString>("answer");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* name, const char* model, const QStringList& tokens, int end, const char* built_in,
                        const QString& answer, const QString& expected) {
      QTest::newRow(name) << model << tokens << end << built_in << answer << expected;
    };
    const QStringList turns = {kUser, kAssistant}, thinking = turns + QStringList{"<think>", "</think>"};
    const QString thought = "<think>\nW\n</think>\n\n2";
    const QString v2 = kBegin + "S\n\nUser: 1\n\nAssistant: 2" + kEnd + "User: 3\n\nAssistant:";
    const QString v3 = kBegin + "S" + kUser + "1" + kAssistant + "2" + kEnd + kUser + "3" + kAssistant;
    const QString r1 =
        kBegin + "S" + kUser + "1" + kAssistant + "\n\n2" + kEnd + kUser + "3" + kAssistant + "<think>\n";
    const QString v31 =
        kBegin + "S" + kUser + "1" + kAssistant + "</think>\n\n2" + kEnd + kUser + "3" + kAssistant + "</think>";
    const QString coder =
        kBegin + "S\n### Instruction:\n1\n### Response:\n2\n<|EOT|>\n### Instruction:\n3\n### Response:\n";
    row("deepseek-moe-16b-chat", "deepseek-v1", {}, 100001, "deepseek-v2", "2", v2);
    row("DeepSeek-V2-Chat", "deepseek-v2", {}, 100001, "deepseek-v2", "2", v2);
    row("DeepSeek-V2-Lite-Chat", "deepseek-v2", {}, 100001, "deepseek-v2", "2", v2);
    row("DeepSeek-Coder-V2-Lite-Instruct", "deepseek-v2", turns, 100001, "deepseek-v2", "2", v2);
    row("DeepSeek-V2.5-1210", "deepseek-v2", turns, 100001, "deepseek-v3", "2", v3);
    row("DeepSeek-V3", "deepseek-v3", turns, 2, "deepseek-v3", "2", v3);
    row("DeepSeek-V3-0324", "deepseek-v3-draft", turns, 2, "deepseek-v3", "2", v3);
    row("DeepSeek-R1", "deepseek-v3", thinking, 2, "deepseek-r1", thought, r1);
    row("DeepSeek-R1-0528", "deepseek-v3-8bit", thinking, 2, "deepseek-r1", thought, r1);
    row("DeepSeek-V3.1", "deepseek-v3", thinking, 2, "deepseek-v3.1", thought, v31);
    row("DeepSeek-V3.1-Terminus", "deepseek-v3", thinking, 2, "deepseek-v3.1", thought, v31);
    row("DeepSeek-R1-Distill-Qwen-1.5B", "qwen2-yarn", thinking, 2, "deepseek-r1", thought, r1);
    row("DeepSeek-R1-Distill-Llama-8B", "llama-sharded", thinking, 2, "deepseek-r1", thought, r1);
    row("DeepSeek-R1-0528-Qwen3-8B", "qwen3", thinking + QStringList{"<|im_start|>"}, 2, "deepseek-r1", thought, r1);
    row("deepseek-coder-6.7b-instruct", "llama", {"<|EOT|>"}, 2, "deepseek-coder", "2", coder);
    row("deepseek-vl2-tiny", "deepseek-vl2-tiny", {"<|User|>", "<|Assistant|>"}, 2, "deepseek-vl2", "2",
        kBegin + "S\n\n<|User|>: 1\n\n<|Assistant|>: 2" + kEnd + "<|User|>: 3\n\n<|Assistant|>:");
  }
  void stand_in() {
    QFETCH(QString, model);
    QFETCH(QStringList, tokens);
    QFETCH(int, end);
    QFETCH(QString, builtIn);
    QFETCH(QString, answer);
    QFETCH(QString, expected);
    const QTemporaryDir place;
    const QString folder = make_folder(place, model, QTest::currentDataTag(), end, tokens);
    for (const std::string& path : {folder.toStdString(), as_gguf(folder)}) {
      const auto file = open_checkpoint(path);
      QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
      QVERIFY(!file->has("tokenizer.chat_template"));
      const auto chat = make_chat_template(*file);
      QVERIFY2(bool(chat), chat ? "" : chat.error().message.c_str());
      QVERIFY((*chat)->origin().built_in);
      QCOMPARE(QString::fromStdString((*chat)->origin().name), builtIn);
      QCOMPARE(text_of(**chat, turns(answer)), expected);
    }
  }

  // A model's own template, wherever its folder keeps it, and in the GGUF file made of the folder.
  void own_templates_are_taken_data() {
    QTest::addColumn<QString>("path");
    for (const QString& path : published()) QTest::newRow(qPrintable(QFileInfo(path).completeBaseName())) << path;
    QTest::newRow("ours") << qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/templates/tagged.jinja";
  }
  void own_templates_are_taken() {
    QFETCH(QString, path);
    const QByteArray source = read(path);
    const std::string text = source.toStdString();
    const auto direct = JinjaChatTemplate::create(
        text, {}, Json{{"bos_token", kBegin.toStdString()}, {"eos_token", kEnd.toStdString()}});
    QVERIFY(bool(direct));
    const QString wanted = text_of(**direct, turns("2"));
    QVERIFY(wanted.contains("3"));
    const std::string begin = kBegin.toStdString();
    const Json tool = {{"name", "tool_use"}, {"template", "not this one"}};
    const Json chosen = {{"name", "default"}, {"template", text}};
    const std::pair<const char*, std::function<void(const QString&)>> ways[] = {
        {"tokenizer_config.json, a text",
         [&](const QString& f) {
           write(f + "/tokenizer_config.json",
                 QByteArray::fromStdString(Json{{"bos_token", begin}, {"chat_template", text}}.dump()));
         }},
        {"tokenizer_config.json, a list",
         [&](const QString& f) {
           write(f + "/tokenizer_config.json",
                 QByteArray::fromStdString(
                     Json{{"bos_token", begin}, {"chat_template", Json::array({tool, chosen})}}.dump()));
         }},
        {"chat_template.jinja, over another in tokenizer_config.json",
         [&](const QString& f) {
           write(f + "/tokenizer_config.json",
                 QByteArray::fromStdString(Json{{"bos_token", begin}, {"chat_template", "not this one"}}.dump()));
           write(f + "/chat_template.jinja", source);
         }},
        {"chat_template.json", [&](const QString& f) {
           write(f + "/chat_template.json", QByteArray::fromStdString(Json{{"chat_template", text}}.dump()));
         }}};
    for (const auto& [way, put] : ways) {
      const QTemporaryDir place;
      const QString folder = make_folder(place, "deepseek-v3", "model", 2, {kUser, kAssistant});
      put(folder);
      for (const std::string& opened : {folder.toStdString(), as_gguf(folder)}) {
        const auto file = open_checkpoint(opened);
        QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
        const auto chat = make_chat_template(*file);
        QVERIFY2(chat && !(*chat)->origin().built_in, way);
        QVERIFY2(text_of(**chat, turns("2")) == wanted, way);
      }
    }
  }

  // Where the model's own is at hand, the one that stands in for it says the same.
  void stand_ins_agree_with_published_data() {
    QTest::addColumn<QString>("builtIn");
    QTest::addColumn<QString>("own");
    QTest::newRow("R1") << "deepseek-r1"
                        << "deepseek-ai-DeepSeek-R1-Distill-Llama-8B";
  }
  void stand_ins_agree_with_published() {
    QFETCH(QString, builtIn);
    QFETCH(QString, own);
    const QString path = qEnvironmentVariable("HADAL_TEST_TEMPLATES") + "/" + own + ".jinja";
    if (!QFile::exists(path)) QSKIP("HADAL_TEST_TEMPLATES does not name a folder with this template");
    const Json words = {{"bos_token", kBegin.toStdString()}, {"eos_token", kEnd.toStdString()}};
    const auto ours = JinjaChatTemplate::create(find_builtin_template(builtIn.toStdString())->source, {}, words);
    const auto theirs = JinjaChatTemplate::create(read(path).toStdString(), {}, words);
    QVERIFY(ours && theirs);
    for (const QString& answer :
         {QString("2"), QString("<think>\nW\n</think>\n\n2"), QString(), QString("no end<think>")})
      QCOMPARE(text_of(**ours, turns(answer)), text_of(**theirs, turns(answer)));
  }
};

QTEST_GUILESS_MAIN(DeepseekTemplatesTest)
#include "deepseek_templates_test.moc"
