#include "app/inference/model_name.h"

#include <QTest>

using namespace hadal;

class ModelNameTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void names_data() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("inside");
    QTest::addColumn<QString>("name");
    QTest::newRow("starter") << "/m/SmolLM2-135M-Instruct.Q4_1.gguf"
                             << "Smollm2 135M 8k"
                             << "SmolLM2-135M-Instruct";
    QTest::newRow("k-quant") << "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf"
                             << "x"
                             << "DeepSeek-R1-Distill-Qwen-7B";
    QTest::newRow("i-quant") << "deepseek-coder-v2-lite.IQ3_XXS.gguf"
                             << ""
                             << "deepseek-coder-v2-lite";
    QTest::newRow("dynamic") << "DeepSeek-V3-UD-Q2_K_XL.gguf"
                             << ""
                             << "DeepSeek-V3";
    QTest::newRow("shard") << "DeepSeek-R1-Q8_0-00001-of-00015.gguf"
                           << ""
                           << "DeepSeek-R1";
    QTest::newRow("lower case") << "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
                                << ""
                                << "qwen2.5-coder-1.5b-instruct";
    QTest::newRow("plain float") << "tiny-f16.gguf"
                                 << ""
                                 << "tiny";
    QTest::newRow("only a type") << "ggml-model-q4_0.gguf"
                                 << "Tiny Llama"
                                 << "Tiny Llama";
    QTest::newRow("says nothing") << "model.gguf"
                                  << "Tiny Llama"
                                  << "Tiny Llama";
    QTest::newRow("nothing inside either") << "model.gguf"
                                           << ""
                                           << "model";
    QTest::newRow("no quantisation") << "我的模型.gguf"
                                     << "x"
                                     << "我的模型";
    QTest::newRow("folder") << "/m/DeepSeek-R1-Distill-Qwen-1.5B/"
                            << "x"
                            << "DeepSeek-R1-Distill-Qwen-1.5B";
    QTest::newRow("cache") << "/c/models--deepseek-ai--DeepSeek-V3.1/snapshots/0123abc"
                           << "DeepSeek-V3.1"
                           << "DeepSeek-V3.1";
  }
  void names() {
    QFETCH(QString, file);
    QFETCH(QString, inside);
    QTEST(modelName(file, inside), "name");
  }
};

QTEST_GUILESS_MAIN(ModelNameTest)
#include "model_name_test.moc"
