// What the makers of a model say, found by what its file says, and how a person's choice stands beside it.
#include <QSignalSpy>
#include <QTest>

#include "app/inference/sampling_settings.h"
#include "app/settings/settings.h"

using namespace hadal;

class SamplingAdviceTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  // The expected values are those of the makers' pages that the table names.
  void knowsTheFamilies_data() {
    QTest::addColumn<QString>("architecture");
    QTest::addColumn<QString>("names");
    QTest::addColumn<QString>("tokenizer");
    QTest::addColumn<QString>("family");
    QTest::addColumn<double>("temperature");
    QTest::addColumn<double>("topP");
    QTest::addColumn<int>("topK");
    QTest::addColumn<double>("minP");
    QTest::addColumn<double>("repetitionPenalty");
    const auto row = [](const char* names, const char* architecture, const char* tokenizer, const char* family,
                        double temperature, double topP, int topK, double minP, double repetitionPenalty) {
      QTest::newRow(names) << QString::fromLatin1(architecture) << QString::fromLatin1(names)
                           << QString::fromLatin1(tokenizer) << QString::fromLatin1(family) << temperature << topP
                           << topK << minP << repetitionPenalty;
    };
    row("DeepSeek-R1-Distill-Qwen-7B-Q4_K_M DeepSeek R1 Distill Qwen 7B", "qwen2", "gpt2/deepseek-r1-qwen",
        "DeepSeek-R1", 0.6, 0.95, -1, -1, -1);
    row("DeepSeek-R1-Distill-Llama-8B-Q4_K_M", "llama", "gpt2/llama-bpe", "DeepSeek-R1", 0.6, 0.95, -1, -1, -1);
    row("DeepSeek-R1-0528-Qwen3-8B-Q4_K_M", "qwen3", "gpt2/qwen2", "DeepSeek-R1", 0.6, 0.95, -1, -1, -1);
    row("my-model", "qwen2", "gpt2/deepseek-r1-qwen", "DeepSeek-R1", 0.6, 0.95, -1, -1, -1);
    row("deepseek-coder-6.7b-instruct.Q4_K_M deepseek-ai_deepseek-coder", "llama", "gpt2/deepseek-coder",
        "DeepSeek-Coder", 0.0, -1, -1, -1, -1);
    row("DeepSeek-Coder-V2-Lite-Instruct-Q4_K_M", "deepseek2", "gpt2/deepseek-llm", "DeepSeek-Coder", 0.0, -1, -1, -1,
        -1);
    row("DeepSeek-V2-Lite-Chat.Q4_K_M", "deepseek2", "gpt2/deepseek-llm", "DeepSeek-V2", 0.3, 0.95, -1, -1, -1);
    row("deepseek-llm-7b-chat.Q4_K_M", "llama", "gpt2/deepseek-llm", "DeepSeek LLM", 0.7, 0.95, -1, -1, -1);
    row("deepseek-llm-7b-base.Q4_K_M", "llama", "gpt2/deepseek-llm", "", -1, -1, -1, -1, -1);
    row("Qwen_QwQ-32B-Q4_K_M", "qwen2", "gpt2/qwen2", "QwQ", 0.6, 0.95, 40, 0, -1);
    row("Qwen3-8B-Q4_K_M Qwen3 8B", "qwen3", "gpt2/qwen2", "Qwen3", 0.6, 0.95, 20, 0, -1);
    row("Qwen3-4B-Instruct-2507-Q4_K_M", "qwen3", "gpt2/qwen2", "Qwen3", 0.7, 0.8, 20, 0, -1);
    row("Qwen3-Coder-30B-A3B-Instruct-Q4_K_M", "qwen3moe", "gpt2/qwen2", "Qwen3-Coder", 0.7, 0.8, 20, -1, 1.05);
    row("qwen2.5-7b-instruct-q4_k_m", "qwen2", "gpt2/qwen2", "Qwen2", 0.7, 0.8, 20, -1, 1.05);
    row("qwen2-0_5b-instruct-q4_k_m", "qwen2", "gpt2/qwen2", "Qwen2", 0.7, 0.8, 20, -1, 1.1);
    row("Qwen2.5-7B-Q4_K_M", "qwen2", "gpt2/qwen2", "", -1, -1, -1, -1, -1);
    row("Meta-Llama-3.1-8B-Instruct-Q4_K_M", "llama", "gpt2/llama-bpe", "Llama", 0.6, 0.9, -1, -1, -1);
    row("llama-2-7b-chat.Q4_K_M LLaMA v2", "llama", "llama/default", "Llama", 0.6, 0.9, -1, -1, -1);
    row("SmolLM2-135M-Instruct.Q4_1 Smollm2 135M 8k Lc100K Mix1 Ep2", "llama", "gpt2/smollm", "SmolLM2", 0.2, 0.9, -1,
        -1, -1);
    row("SmolLM3-3B-Q4_K_M", "smollm3", "gpt2/smollm", "SmolLM3", 0.6, 0.95, -1, -1, -1);
    row("Mistral-7B-Instruct-v0.3-Q4_K_M", "llama", "llama/default", "", -1, -1, -1, -1, -1);
    row("Mistral-Nemo-Instruct-2407-Q4_K_M", "llama", "gpt2/tekken", "Mistral Nemo", 0.3, -1, -1, -1, -1);
    row("Mistral-Small-24B-Instruct-2501-Q4_K_M", "llama", "gpt2/tekken", "Mistral Small", 0.15, -1, -1, -1, -1);
    row("Mistral-Small-Instruct-2409-Q4_K_M", "llama", "llama/default", "", -1, -1, -1, -1, -1);
    row("starcoder2-15b-instruct-v0.1-Q4_K_M", "starcoder2", "gpt2/starcoder", "StarCoder2", 0.0, -1, -1, -1, -1);
    row("starcoder2-3b-Q4_K_M", "starcoder2", "gpt2/starcoder", "", -1, -1, -1, -1, -1);
    row("somebody-13b", "llama", "llama/default", "", -1, -1, -1, -1, -1);
  }
  void knowsTheFamilies() {
    QFETCH(QString, architecture);
    QFETCH(QString, names);
    QFETCH(QString, tokenizer);
    const SamplingAdvice advice = samplingAdvice({architecture, names, tokenizer});
    QTEST(advice.family, "family");
    QTEST(qRound(100 * advice.temperature.value_or(-1.0F)) / 100.0, "temperature");
    QTEST(qRound(100 * advice.topP.value_or(-1.0F)) / 100.0, "topP");
    QTEST(advice.topK.value_or(-1), "topK");
    QTEST(qRound(100 * advice.minP.value_or(-1.0F)) / 100.0, "minP");
    QTEST(qRound(100 * advice.repetitionPenalty.value_or(-1.0F)) / 100.0, "repetitionPenalty");
    QCOMPARE(advice.noSystemPrompt, advice.family == QStringLiteral("DeepSeek-R1"));
  }

  void r1IsKnownByItsVocabularyAndTemplate() {
    ModelTraits traits{QStringLiteral("llama"), QStringLiteral("renamed"), QStringLiteral("gpt2/llama-bpe")};
    traits.beginsThinking = true;
    QCOMPARE(samplingAdvice(traits).family, QString());
    traits.deepseekTokens = true;
    QCOMPARE(samplingAdvice(traits).family, QStringLiteral("DeepSeek-R1"));
  }

  void everyValueIsASetting() {
    Settings settings;
    int values = 0;
    SamplingValues said;
    forEachSamplingSetting([&](const char* key, auto value) {
      const SettingSpec* spec = Settings::find(QLatin1String(key));
      QVERIFY2(spec && spec->advised, key);
      said.*value = 1;
      ++values;
    });
    QCOMPARE(static_cast<std::size_t>(values), sizeof(SamplingValues) / sizeof(std::optional<float>));
    adviseSampling(settings, said);
    const SamplingValues none = chosenSampling(settings);
    forEachSamplingSetting([&](const char* key, auto value) {
      QCOMPARE(settings.value(QLatin1String(key)).toDouble(), 1.0);
      QVERIFY2(!(none.*value).has_value(), key);
      QVERIFY(settings.setValue(QLatin1String(key), 0.75 + 0.25 * (key == QLatin1String(setting::topK))));
    });
    const SamplingValues chosen = chosenSampling(settings);
    forEachSamplingSetting([&](const char* key, auto value) {
      QVERIFY2((chosen.*value).has_value(), key);
      QCOMPARE(static_cast<double>(*(chosen.*value)), settings.value(QLatin1String(key)).toDouble());
    });
    QCOMPARE(chosen.repetitionPenalty, std::optional(0.75F));
  }

  void aChoiceStandsOverAdvice() {
    Settings settings;
    const QString key = QLatin1String(setting::temperature);
    const double plain = settings.value(key).toDouble();
    QSignalSpy changed(&settings, &Settings::changed);
    settings.advise(key, 0.6);
    QCOMPARE(settings.value(key).toDouble(), 0.6);
    QCOMPARE(changed.size(), 1);
    QVERIFY(!settings.isChosen(key));
    QVERIFY(settings.setValue(key, 0.25));
    QVERIFY(settings.isChosen(key));
    settings.advise(key, 0.7);
    QCOMPARE(settings.value(key).toDouble(), 0.25);
    settings.reset(key);
    QCOMPARE(settings.value(key).toDouble(), 0.7);
    QVERIFY(!settings.isChosen(key));
    settings.advise(key, {});
    QCOMPARE(settings.value(key).toDouble(), plain);
    // Nobody advises how many threads there should be.
    settings.advise(QLatin1String(setting::threads), 3);
    QCOMPARE(settings.value(QLatin1String(setting::threads)).toInt(), 0);
  }
};

QTEST_GUILESS_MAIN(SamplingAdviceTest)
#include "sampling_advice_test.moc"
