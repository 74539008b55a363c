#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "hadal/engine.h"
#include "support/hugging_face_folder.h"
#include "text/chat_template_factory.h"
#include "text/tokenizer_factory.h"

using namespace hadal;
using test::as_gguf, test::data_bytes, test::assemble, test::edit, test::edit_header, test::read, test::write,
    test::Json;

/// Folders as transformers saves them, against what transformers and the tokenizers library make of them
/// (tests/reference/hugging_face.py), and folders of DeepSeek models that transformers does not know
/// (tests/reference/hugging_face_deepseek.py).
class HuggingFaceTest : public QObject {
  Q_OBJECT

  QString data_ = test::hugging_face_data();
  Json cases_;

  enum class Rows { logits, drafts };
  static std::vector<float> computed(const std::shared_ptr<const Model>& model, const std::vector<TokenId>& ids,
                                     Device device, Rows rows, bool step) {
    auto engine = Engine::create(model, {.device = device});
    if (!engine) qFatal("%s", engine.error().message.c_str());
    auto made = rows == Rows::drafts ? (*engine)->draft_logits(ids, step) : (*engine)->logits(ids, step);
    if (!made) qFatal("%s", made.error().message.c_str());
    return std::move(*made);
  }
  /// The largest error of a fixture's logits, relative to their spread.
  float error_of(const std::shared_ptr<const Model>& model, const QString& name, Device device,
                 Rows rows = Rows::logits, bool step = false) const {
    const QByteArray bytes = read(data_ + "models/" + name + (rows == Rows::drafts ? ".draft.f32" : ".f32"));
    std::vector<float> expected(static_cast<std::size_t>(bytes.size()) / sizeof(float));
    std::memcpy(expected.data(), bytes.constData(), expected.size() * sizeof(float));
    const auto [lowest, highest] = std::minmax_element(expected.begin(), expected.end());
    const auto ours =
        computed(model, cases_["models"][name.toStdString()]["ids"].get<std::vector<TokenId>>(), device, rows, step);
    if (ours.size() != expected.size()) qFatal("%zu logits, not %zu", ours.size(), expected.size());
    float worst = 0.0F;
    for (std::size_t i = 0; i < ours.size(); ++i) worst = std::max(worst, std::abs(ours[i] - expected[i]));
    return worst / (*highest - *lowest);
  }

 private slots:
  void initTestCase() {
    cases_ = Json::parse(read(data_ + "cases.json").toStdString());
    const Json deepseek = Json::parse(read(data_ + "cases_deepseek.json").toStdString());
    QVERIFY(cases_["models"].size() >= 8 && cases_["tokenizers"].size() >= 12 && deepseek["models"].size() >= 4);
    cases_["models"].update(deepseek["models"]);
  }

  void logits_are_those_of_transformers_data() {
    QTest::addColumn<QString>("name");
    for (const auto& [name, test] : cases_["models"].items())
      QTest::newRow(name.c_str()) << QString::fromStdString(name);
  }
  void logits_are_those_of_transformers() {
    QFETCH(QString, name);
    const QTemporaryDir place;
    const QString folder = assemble(place, name);
    const auto model = Model::load(folder.toStdString());
    QVERIFY2(bool(model), model ? "" : model.error().message.c_str());
    QCOMPARE(QString::fromStdString((*model)->info().name), name);
    QVERIFY((*model)->tokenizer().is_end(2) && (*model)->tokenizer().is_end(7));
    // On the CPU keys and values are kept in 16 bits.
    const float plain = error_of(*model, name, Device::reference), fast = error_of(*model, name, Device::cpu);
    QVERIFY2(plain <= 1e-4F && fast <= 2e-3F, qPrintable(QString("%1, %2").arg(plain).arg(fast)));
    // A token at a time, out of the cache.
    const float plain_steps = error_of(*model, name, Device::reference, Rows::logits, true);
    QVERIFY2(plain_steps <= 1e-4F, qPrintable(QString::number(plain_steps)));
  }

  // The layer that predicts the token after the next, from the folder and from the GGUF file made of it.
  void drafts_are_the_expected_ones() {
    const QTemporaryDir place;
    const QString name = "deepseek-v3-draft", folder = assemble(place, name);
    const std::string file = as_gguf(folder);
    for (const std::string& path : {folder.toStdString(), file}) {
      const auto model = Model::load(path);
      QVERIFY2(bool(model), model ? "" : model.error().message.c_str());
      for (const bool step : {false, true}) {
        const float plain = error_of(*model, name, Device::reference, Rows::drafts, step);
        const float fast = error_of(*model, name, Device::cpu, Rows::drafts, step);
        QVERIFY2(plain <= 1e-4F && fast <= 2e-3F, qPrintable(QString("%1, %2").arg(plain).arg(fast)));
      }
    }
  }

  // num_nextn_predict_layers speaks of a layer that the files leave out: many copies of V3 do.
  void a_draft_layer_may_be_left_out() {
    const QTemporaryDir place;
    const QString folder = assemble(place, "deepseek-v3");
    edit(folder + "/config.json", [](Json& json) { json["num_nextn_predict_layers"] = 1; });
    const auto model = Model::load(folder.toStdString());
    QVERIFY2(bool(model), model ? "" : model.error().message.c_str());
    QVERIFY(error_of(*model, "deepseek-v3", Device::reference) <= 1e-4F);
    auto engine = Engine::create(*model, {.device = Device::cpu});
    QVERIFY(engine && !(*engine)->draft_logits(std::vector<TokenId>{9, 10, 11}, false));
  }

  // Which order q and k have in files, and whether the file says so.
  void heads_turn_as_the_architecture_has_them_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("architecture");
    QTest::addColumn<bool>("reordered");
    QTest::newRow("DeepSeek-MoE") << "deepseek-v1"
                                  << "deepseek" << true;
    QTest::newRow("VL2-Tiny") << "deepseek-vl2-tiny"
                              << "deepseek" << true;
    QTest::newRow("DeepSeek-OCR") << "deepseek-ocr"
                                  << "deepseek2-ocr" << false;
  }
  void heads_turn_as_the_architecture_has_them() {
    QFETCH(QString, name);
    QFETCH(QString, architecture);
    QFETCH(bool, reordered);
    const QTemporaryDir place;
    const QString folder = assemble(place, name);
    const auto from = open_checkpoint(folder.toStdString()), made = open_checkpoint(as_gguf(folder));
    QVERIFY(from && made);
    for (const Checkpoint* file : {&*from, &*made}) {
      QCOMPARE(QString::fromStdString(std::string(*file->string("general.architecture"))), architecture);
    }
    QCOMPARE(from->has(architecture.toStdString() + ".rope.pairs"), reordered);
    // The same matrix, row for row, unless the format's order is another one: weights that are bfloat16 lose nothing.
    const auto q = from->tensor("blk.0.attn_q.weight"), written = made->tensor("blk.0.attn_q.weight");
    QVERIFY(q && written && (*q)->type == DType::bf16 && (*written)->type == DType::f32);
    std::vector<float> rows((*q)->elements), plain((*q)->elements);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      std::uint16_t half;
      std::memcpy(&half, (*q)->data.data() + i * sizeof half, sizeof half);
      const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16;
      std::memcpy(&plain[i], &bits, sizeof bits);
    }
    std::memcpy(rows.data(), (*written)->data.data(), rows.size() * sizeof(float));
    QCOMPARE(rows != plain, reordered);
  }

  // As one GGUF file, which every program reads: with q and k in that format's order, and without scales.
  void folders_become_gguf_files_data() { logits_are_those_of_transformers_data(); }
  void folders_become_gguf_files() {
    QFETCH(QString, name);
    const QTemporaryDir place;
    const QString folder = assemble(place, name);
    const std::string path = as_gguf(folder);
    const auto source = open_checkpoint(folder.toStdString()), file = open_checkpoint(path);
    QVERIFY2(source && file, file ? "" : file.error().message.c_str());
    for (const std::string_view key : file->keys()) QVERIFY(!key.ends_with("rope.pairs"));
    // Experts are together, as everybody's GGUF files have them.
    for (const char* part : {"blk.1.ffn_gate", "blk.1.ffn_up", "blk.1.ffn_down"}) {
      const std::string first = std::string(part) + ".0.weight";
      QVERIFY(file->find_tensor(first) == nullptr);
      if (source->find_tensor(first) == nullptr) continue;
      const CheckpointTensor* stacked = file->find_tensor(std::string(part) + "_exps.weight");
      QVERIFY(stacked != nullptr && stacked->dimensions == 3 && stacked->shape[2] > 1);
    }
    const auto model = Model::load(path);
    QVERIFY2(bool(model), model ? "" : model.error().message.c_str());
    const float error = error_of(*model, name, Device::reference);
    QVERIFY2(error <= 1e-4F, qPrintable(QString::number(error)));
  }

  void ids_are_those_of_the_tokenizers_library_data() {
    QTest::addColumn<QString>("name");
    for (const auto& [name, test] : cases_["tokenizers"].items()) {
      QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }
  }
  void ids_are_those_of_the_tokenizers_library() {
    QFETCH(QString, name);
    const QTemporaryDir place;
    const QString folder = assemble(place, "llama", name);
    const Json& expected = cases_["tokenizers"][name.toStdString()];
    // The model's rows are not looked at here; any vocabulary fits.
    edit(folder + "/config.json", [&](Json& json) { json["vocab_size"] = expected["size"]; });
    const auto file = open_checkpoint(folder.toStdString());
    QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
    QCOMPARE(file->has("tokenizer.ggml.pre"),
             !name.startsWith("own") && !name.startsWith("pieces") && name != "no-split");
    const auto tokenizer = make_tokenizer(*file);
    QVERIFY2(bool(tokenizer), tokenizer ? "" : tokenizer.error().message.c_str());
    QCOMPARE((*tokenizer)->vocabulary_size(), expected["size"].get<int>());
    for (std::size_t i = 0; i < cases_["texts"].size(); ++i) {
      const auto text = cases_["texts"][i].get<std::string>();
      for (const auto& [how, special] : {std::pair{"plain", false}, std::pair{"added", true}}) {
        const auto ids = (*tokenizer)->encode(text, {.add_special = special, .parse_special = true});
        QVERIFY(bool(ids));
        const auto wanted = expected["rows"][i][how].get<std::vector<TokenId>>();
        QVERIFY2(*ids == wanted,
                 (text + " (" + how + "): " + Json(*ids).dump() + ", not " + Json(wanted).dump()).c_str());
      }
    }
  }

  void templates_are_rendered_as_by_transformers_data() {
    QTest::addColumn<QString>("name");
    for (const auto& [name, test] : cases_["templates"]["cases"].items()) {
      QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }
  }
  void templates_are_rendered_as_by_transformers() {
    QFETCH(QString, name);
    const QTemporaryDir place;
    const QString folder = assemble(place, "llama");
    const Json& test = cases_["templates"]["cases"][name.toStdString()];
    write(folder + "/tokenizer_config.json", QByteArray::fromStdString(test["tokenizer_config"].dump()));
    if (!test["file"].is_null()) {
      write(folder + "/chat_template.jinja", QByteArray::fromStdString(test["file"].get<std::string>()));
    }
    const auto file = open_checkpoint(folder.toStdString());
    QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
    const auto chat = make_chat_template(*file);
    QVERIFY(chat && !(*chat)->origin().built_in);
    const auto parts = (*chat)->parts_of_json(cases_["templates"]["messages"].dump(), {});
    QVERIFY2(bool(parts), parts ? "" : parts.error().message.c_str());
    std::string text;
    for (const TextPart& part : *parts) text += part.text;
    QCOMPARE(QString::fromStdString(text), QString::fromStdString(test["expected"].get<std::string>()));
  }

  // Folders without a template: judged by the vocabulary and the folder's name, like GGUF files.
  void built_in_templates_stand_in_data() {
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("name");
    QTest::addColumn<QStringList>("tokens");
    QTest::addColumn<QString>("expected");
    const QStringList turns = {"<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>"};
    QTest::newRow("V3") << "deepseek-v3"
                        << "DeepSeek-V3" << turns << "deepseek-v3";
    QTest::newRow("R1") << "deepseek-v3"
                        << "DeepSeek-R1" << turns << "deepseek-r1";
    QTest::newRow("V3.1") << "deepseek-v3"
                          << "DeepSeek-V3.1" << turns << "deepseek-v3.1";
    QTest::newRow("cache") << "deepseek-v3"
                           << "models--deepseek-ai--DeepSeek-V3.1/snapshots/0123abc" << turns << "deepseek-v3.1";
    QTest::newRow("distill") << "qwen2-yarn"
                             << "DeepSeek-R1-Distill-Qwen-1.5B" << turns << "deepseek-r1";
    QTest::newRow("V2") << "deepseek-v2"
                        << "DeepSeek-V2-Lite-Chat" << turns.mid(0, 2) << "deepseek-v2";
    QTest::newRow("coder") << "llama"
                           << "deepseek-coder-6.7b-instruct" << (turns.mid(0, 2) << "<|EOT|>") << "deepseek-coder";
  }
  void built_in_templates_stand_in() {
    QFETCH(QString, model);
    QFETCH(QString, name);
    QFETCH(QStringList, tokens);
    QFETCH(QString, expected);
    const QTemporaryDir place;
    const QString assembled = assemble(place, model), folder = place.filePath(name);
    QDir().mkpath(folder);
    QVERIFY(QDir().rmdir(folder) && QDir().rename(assembled, folder));
    edit(folder + "/tokenizer.json", [&](Json& json) {
      // The tokens of ChatML that the fixture has would speak for another template.
      std::erase_if(json["added_tokens"].get_ref<Json::array_t&>(), [](const Json& old) { return old["id"] > 2; });
      int id = 320;
      for (const QString& token : tokens) {
        json["added_tokens"].push_back({{"id", id++}, {"content", token.toStdString()}, {"special", true}});
      }
    });
    const auto file = open_checkpoint(folder.toStdString());
    QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
    const auto chat = make_chat_template(*file);
    QVERIFY(chat && (*chat)->origin().built_in);
    QCOMPARE(QString::fromStdString((*chat)->origin().name), expected);
  }

  void refuses_bad_folders_data() {
    QTest::addColumn<QString>("model");
    QTest::addColumn<std::function<void(QString)>>("spoil");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const char* model, const std::function<void(QString)>& spoil,
                        const char* says) { QTest::newRow(name) << model << spoil << QString(says); };
    const auto config = [&](const char* name, const char* key, const Json& value, const char* says,
                            const char* model = "llama") {
      row(
          name, model,
          [=](const QString& folder) {
            edit(folder + "/config.json", [&](Json& json) { json[Json::json_pointer(key)] = value; });
          },
          says);
    };
    const auto tokenizer = [&](const char* name, const char* key, const Json& value, const char* says) {
      row(
          name, "llama",
          [=](const QString& folder) {
            edit(folder + "/tokenizer.json", [&](Json& json) { json[Json::json_pointer(key)] = value; });
          },
          says);
    };
    const auto without = [&](const char* name, const char* file, const char* says) {
      row(
          name, "llama", [=](const QString& folder) { QFile::remove(folder + "/" + file); }, says);
    };
    const auto index = [&](const char* name, const std::function<void(Json&)>& change, const char* says) {
      row(
          name, "llama-sharded", [=](const QString& folder) { edit(folder + "/model.safetensors.index.json", change); },
          says);
    };
    const auto header = [&](const char* name, const std::function<void(Json&)>& change, const char* says,
                            const char* model = "llama") {
      row(
          name, model, [=](const QString& folder) { edit_header(folder + "/model.safetensors", change); }, says);
    };
    const auto renamed = [](const char* from, const char* to) {
      return [=](Json& json) {
        json[to] = json[from];
        json.erase(from);
      };
    };

    without("no config", "config.json", "has no config.json");
    without("no weights", "model.safetensors", "neither model.safetensors nor model.safetensors.index.json");
    without("no tokenizer", "tokenizer.json", "has no tokenizer.json");
    row(
        "config of zeros", "llama", [](const QString& f) { write(f + "/config.json", QByteArray(100, '\0')); },
        "config.json: the file is no JSON");
    row(
        "empty config", "llama", [](const QString& f) { write(f + "/config.json", ""); },
        "config.json: the file is empty");
    row(
        "deep config", "llama",
        [](const QString& f) { write(f + "/config.json", "{\"a\":" + QByteArray(100'000, '[')); },
        "nested more than 64 deep");
    config("unknown model", "/model_type", "mamba", "model_type \"mamba\"");
    config("no model", "/model_type", nullptr, "there is no model_type");
    config("no layers", "/num_hidden_layers", nullptr, "there is no num_hidden_layers");
    config("10^12 layers", "/num_hidden_layers", 1000000000000, "num_hidden_layers is 1000000000000");
    config("minus one layer", "/num_hidden_layers", -1, "num_hidden_layers is -1");
    config("layers as text", "/num_hidden_layers", "2", "num_hidden_layers should be a whole number");
    config("fewer layers than tensors", "/num_hidden_layers", 1, "model.layers.1.");
    config("more layers than tensors", "/num_hidden_layers", 3, "blk.2.");
    config("other width", "/hidden_size", 32, "token_embd.weight");
    config("other feed-forward", "/intermediate_size", 48, "ffn_");
    config("other vocabulary", "/vocab_size", 400, "vocab_size is 400");
    config("small vocabulary", "/vocab_size", 10, "vocab_size in config.json is 10");
    config("odd heads", "/num_attention_heads", 3, "attn_q.weight");
    config("activation", "/hidden_act", "relu", "hidden_act \"relu\"");
    config("epsilon", "/rms_norm_eps", 0, "rms_norm_eps is 0");
    config("dynamic rope", "/rope_parameters", Json{{"rope_type", "dynamic"}, {"factor", 2.0}},
           "rope type \"dynamic\"");
    config("longrope", "/rope_scaling", Json{{"type", "longrope"}}, "rope type \"longrope\"", "llama-8bit-old");
    config("rope as text", "/rope_parameters", "yarn", "rope_parameters should be an object");
    config("gptq", "/quantization_config", Json{{"quant_method", "gptq"}, {"bits", 4}}, "quant_method is \"gptq\"");
    config("awq", "/quantization_config", Json{{"quant_method", "awq"}}, "quant_method is \"awq\"");
    config("block size", "/quantization_config/weight_block_size", Json{64, 64}, "weight_block_size", "llama-8bit");
    config("untied without head", "/tie_word_embeddings", false, "lm_head.weight is missing");
    config("windows by layer", "/use_sliding_window", true, "sliding", "qwen2-windows");
    config("latent rank", "/kv_lora_rank", nullptr, "there is no kv_lora_rank", "deepseek-v3");
    config("other experts", "/norm_topk_prob", 2, "norm_topk_prob should be true or false", "qwen3-moe");
    config("fewer experts than tensors", "/num_local_experts", 4, "mlp.experts.4.", "qwen3-moe");
    config("more experts than tensors", "/num_local_experts", 7, "blk.0.ffn_gate", "qwen3-moe");
    config("router", "/scoring_func", "tanh", "scoring_func \"tanh\"", "deepseek-v3");

    header("unknown tensor", renamed("model.norm.weight", "model.extra.weight"),
           "model.extra.weight in model.safetensors");
    header(
        "missing tensor",
        [](Json& json) {
          json["model.layers.0.rotary_emb.inv_freq"] = json["model.norm.weight"];
          json.erase("model.norm.weight");
        },
        "output_norm.weight is missing");
    header("same under two names", renamed("model.norm.weight", "embed_tokens.weight"), "under another name");
    header(
        "integers", [](Json& json) { json["model.norm.weight"]["dtype"] = "I16"; }, "model.norm.weight is of type I16");
    header("scale of nothing", renamed("model.norm.weight", "model.norm.weight_scale_inv"), "scales no 8-bit weights");
    header("no scale", renamed("model.layers.0.mlp.up_proj.weight_scale_inv", "model.layers.0.mlp.rotary_emb.inv_freq"),
           "model.layers.0.mlp.up_proj.weight_scale_inv, which scales it, is missing", "llama-8bit");
    header(
        "scales of another shape",
        [](Json& json) {
          json["model.layers.0.mlp.up_proj.weight_scale_inv"]["shape"] = {4, 1};
        },
        "model.layers.0.mlp.up_proj.weight_scale_inv is 4 x 1", "llama-8bit");
    row(
        "scale that is no number", "llama-8bit",
        [](const QString& folder) {
          QByteArray bytes = read(folder + "/model.safetensors");
          const qsizetype begin = bytes.size() - data_bytes(bytes);
          const Json json = Json::parse(bytes.mid(8, begin - 8).toStdString());
          const auto at = json["model.layers.0.self_attn.k_proj.weight_scale_inv"]["data_offsets"][0].get<qsizetype>();
          bytes.replace(begin + at, 4, QByteArray("\0\0\xC0\x7F", 4));
          write(folder + "/model.safetensors", bytes);
        },
        "model.layers.0.self_attn.k_proj.weight_scale_inv: scale 0 is no number");

    index(
        "no map", [](Json& json) { json.erase("weight_map"); }, "there is no weight_map");
    for (const char* path : {"../model.safetensors", "/etc/passwd", "..", "a/b.safetensors", ""}) {
      const std::string name = std::string("outside: ") + path;
      index(
          name.c_str(), [=](Json& json) { json["weight_map"]["model.norm.weight"] = path; },
          "which is no file of this folder");
    }
    index(
        "no safetensors", [](Json& json) { json["weight_map"]["model.norm.weight"] = "config.json"; },
        "which is no safetensors file");
    index(
        "file as a number", [](Json& json) { json["weight_map"]["model.norm.weight"] = 7; }, "is no file name");
    index(
        "tensor that is not there",
        [](Json& json) { json["weight_map"]["model.more.weight"] = json["weight_map"].begin().value(); },
        "says that tensor model.more.weight is in");
    row(
        "missing shard", "llama-sharded",
        [](const QString& folder) { QFile::remove(folder + "/" + QDir(folder).entryList({"model-00002-*"}).value(0)); },
        "model-00002-of-0000");
    row(
        "tensor in two shards", "llama-sharded",
        [](const QString& folder) {
          const QStringList shards = QDir(folder).entryList({"model-*.safetensors"});
          QFile::copy(folder + "/" + shards.value(0), folder + "/model-other.safetensors");
          edit(folder + "/model.safetensors.index.json",
               [](Json& json) { json["weight_map"]["model.norm.weight"] = "model-other.safetensors"; });
        },
        "is both in model-00001");

    tokenizer("unigram", "/model/type", "Unigram", "model.type is \"Unigram\"");
    tokenizer("no vocabulary", "/model/vocab", nullptr, "no model.vocab");
    tokenizer("id beyond", "/model/vocab/zz", 1000000000000, "has the id 1000000000000");
    tokenizer("id twice", "/model/vocab/zz", 100, "have both the id 100");
    tokenizer("merge of nothing", "/model/merges/0", Json{"zz", "yy"}, "tokenizer.ggml.merges: element 0");
    tokenizer("merge of three", "/model/merges/0", Json{"a", "b", "c"}, "model.merges: element 0");
    tokenizer("dropout", "/model/dropout", 0.1, "model.dropout");
    tokenizer("lowercase", "/normalizer", Json{{"type", "Lowercase"}}, "normalizer \"Lowercase\"");
    tokenizer("unknown step", "/pre_tokenizer", Json{{"type", "UnicodeScripts"}}, "UnicodeScripts");
    tokenizer("pattern", "/pre_tokenizer/pretokenizers/0/pattern/Regex", "(((", "could not be compiled");
    tokenizer("backslash", "/pre_tokenizer/pretokenizers/0/pattern/Regex", "a\\", "could not be compiled");
    tokenizer("single word", "/added_tokens/0/single_word", true, "single_word");
    row(
        "end beyond", "llama",
        [](const QString& f) { write(f + "/generation_config.json", "{\"eos_token_id\":[2,99999]}"); },
        "generation_config.json: eos_token_id names the token 99999");
  }
  void refuses_bad_folders() {
    QFETCH(QString, model);
    QFETCH(std::function<void(QString)>, spoil);
    QFETCH(QString, says);
    const QTemporaryDir place;
    // Variants of a fixture that only these rows need.
    const bool old = model == "llama-8bit-old", windows = model == "qwen2-windows";
    const QString folder = assemble(place, old ? "llama" : windows ? "qwen2-yarn" : model);
    if (old) edit(folder + "/config.json", [](Json& json) { json.erase("rope_parameters"); });
    if (windows) edit(folder + "/config.json", [](Json& json) { json["max_window_layers"] = 1; });
    spoil(folder);
    const auto loaded = Model::load(folder.toStdString());
    QVERIFY(!loaded);
    const QString sentence = QString::fromStdString(loaded.error().message);
    QVERIFY2(sentence.contains(says), qPrintable(sentence));
    QVERIFY2(sentence.startsWith(QFileInfo(folder).fileName() + ": ") && sentence.endsWith('.'), qPrintable(sentence));
  }

  void a_shard_may_be_a_link() {
    const QTemporaryDir place;
    const QString folder = assemble(place, "llama"), blob = place.filePath("blob");
    QVERIFY(QFile::rename(folder + "/model.safetensors", blob) && QFile::link(blob, folder + "/model.safetensors"));
    const auto model = Model::load(folder.toStdString() + "/");
    QVERIFY2(bool(model), model ? "" : model.error().message.c_str());
    QCOMPARE((*model)->info().name, std::string("llama"));
    // The file stands for its folder.
    QVERIFY(Model::load(folder.toStdString() + "/config.json") &&
            Model::load(folder.toStdString() + "/model.safetensors"));
    QCOMPARE((*model)->info().file_bytes, static_cast<std::uint64_t>(QFileInfo(blob).size()));
  }
};

QTEST_GUILESS_MAIN(HuggingFaceTest)
#include "hugging_face_test.moc"
