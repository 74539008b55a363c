#include "app/language/engine_words.h"

#include <QCoreApplication>
#include <QRegularExpression>

namespace hadal {

namespace {

// From the particular to the general: the first that fits is taken. %1 and so on stand for whatever is there, which
// may be a phrase of this list itself.
const char* const kPatterns[] = {
    QT_TRANSLATE_NOOP("Engine", "the file is empty. Download it again."),
    QT_TRANSLATE_NOOP("Engine",
                      "the folder has no config.json: it is no model as Hugging Face publishes them. Give a GGUF file, "
                      "or a folder with config.json, tokenizer.json and safetensors files."),
    QT_TRANSLATE_NOOP("Engine", "the folder has no tokenizer.json, which says how text becomes tokens."),
    QT_TRANSLATE_NOOP("Engine", "the folder has neither %1 nor %2, which hold the weights."),
    QT_TRANSLATE_NOOP("Engine", "%1 is missing, which by %2 holds %3. Download it as well."),
    QT_TRANSLATE_NOOP("Engine",
                      "config.json: model_type \"%1\" is none that this version reads from a folder; %2 are."),
    QT_TRANSLATE_NOOP("Engine",
                      "config.json: quantization_config.quant_method is \"%1\"; fp8 with blocks of 128 x 128 is the "
                      "only one this version reads. Get the model's unquantised files, or a GGUF file."),
    QT_TRANSLATE_NOOP("Engine",
                      "config.json: the rope type \"%1\" is not supported; default, linear, llama3 and yarn are."),
    QT_TRANSLATE_NOOP("Engine", "%1: the file ends inside its header: %2 are there. Download it again."),
    QT_TRANSLATE_NOOP("Engine",
                      "%1: tensor %2 (offset %3, %4): the file ends inside it. It is incomplete; download it again."),
    QT_TRANSLATE_NOOP("Engine", "the file ends inside %1, after %2. Download it again."),
    QT_TRANSLATE_NOOP("Engine", "this is not a GGUF file (it does not begin with \"GGUF\"). %1"),
    QT_TRANSLATE_NOOP("Engine", "It looks like a safetensors file; convert it to GGUF first."),
    QT_TRANSLATE_NOOP("Engine", "It looks like a ZIP archive (or a PyTorch checkpoint); unpack or convert it first."),
    QT_TRANSLATE_NOOP("Engine", "It looks like a web page: the download gave an error page instead of the model."),
    QT_TRANSLATE_NOOP("Engine", "It is a Git LFS pointer; fetch the file itself with git lfs pull."),
    QT_TRANSLATE_NOOP("Engine", "It looks like a JSON file."),
    QT_TRANSLATE_NOOP("Engine", "It is in the GGML format that came before GGUF; get a newer file of this model."),
    QT_TRANSLATE_NOOP("Engine", "It begins with zeros only: an unfinished download. Download it again."),
    QT_TRANSLATE_NOOP("Engine", "Hadal reads GGUF files."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "this GGUF file is big-endian, made for another kind of machine; get the little-endian file of this model."),
    QT_TRANSLATE_NOOP("Engine", "this is GGUF version %1; Hadal reads versions 2 and 3."),
    QT_TRANSLATE_NOOP("Engine",
                      "the header announces %1 metadata entries and %2 tensors, more than a file of %3 can hold. It is "
                      "damaged or incomplete; download it again."),
    QT_TRANSLATE_NOOP("Engine",
                      "%1 should be %2 bytes long, but the file ends after %3 of them. It is damaged or incomplete; "
                      "download it again."),
    QT_TRANSLATE_NOOP("Engine", "%1 is %2 bytes long; at most %3 are allowed."),
    QT_TRANSLATE_NOOP("Engine",
                      "%1 should have %2 elements of type %3, but the file ends before. It is damaged or incomplete; "
                      "download it again."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "%1: element %2 of %3 reaches beyond the end of the file. It is damaged or incomplete; download it again."),
    QT_TRANSLATE_NOOP("Engine", "The messages are nested more than %1 levels deep."),
    QT_TRANSLATE_NOOP("Engine", "metadata tokenizer.ggml.merges: element %1, \"%2\", is no pair."),
    QT_TRANSLATE_NOOP("Engine",
                      "metadata tokenizer.ggml.merges: element %1, \"%2\", needs the token \"%3\", which is not in "
                      "tokenizer.ggml.tokens."),
    QT_TRANSLATE_NOOP("Engine",
                      "metadata tokenizer.ggml.pre says that text is split by the rules \"%1\", which this version of "
                      "Hadal does not know."),
    QT_TRANSLATE_NOOP("Engine", "A text-splitting pattern could not be compiled at character %1: %2."),
    QT_TRANSLATE_NOOP("Engine",
                      "the metadata has neither tokenizer.ggml.scores nor tokenizer.ggml.merges, without which text "
                      "cannot be split into tokens."),
    QT_TRANSLATE_NOOP("Engine", "metadata tokenizer.ggml.scores: element %1 is no number."),
    QT_TRANSLATE_NOOP(
        "Engine", "metadata tokenizer.ggml.model names the kind \"%1\", which this version of Hadal does not know."),
    QT_TRANSLATE_NOOP("Engine", "metadata tokenizer.ggml.%1 has %2 elements for %3 tokens."),
    QT_TRANSLATE_NOOP("Engine", "metadata tokenizer.ggml.tokens has %1 tokens; 1 to %2 are supported."),
    QT_TRANSLATE_NOOP("Engine", "metadata tokenizer.ggml.tokens has more than 4 GB of text."),
    QT_TRANSLATE_NOOP("Engine", "metadata tokenizer.ggml.token_type says %1 for token %2, which is no token type."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "metadata tokenizer.ggml.tokens: special token %1, \"%2\", is %3 bytes long; at most %4 are supported."),
    QT_TRANSLATE_NOOP("Engine",
                      "metadata tokenizer.ggml.tokens: token %1, \"%2\", is %3 bytes long; at most %4 are supported."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "metadata tokenizer.ggml.tokens: token %1, \"%2\", is of type byte, but not spelled <0x00> to <0xFF>."),
    QT_TRANSLATE_NOOP("Engine", "metadata %1 is %2, but there are only %3 tokens."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "the model %1 carries no chat template (metadata %2), and no vocabulary to tell which one would suit it."),
    QT_TRANSLATE_NOOP("Engine",
                      "the model %1 carries a chat template that is no text (metadata %2), and no vocabulary to tell "
                      "which one would suit it."),
    QT_TRANSLATE_NOOP("Engine",
                      "the model %1 carries a chat template that cannot be understood, %2 (metadata %3), and no "
                      "vocabulary to tell which one would suit it."),
    QT_TRANSLATE_NOOP("Engine", "The model %1 carries no chat template; Hadal's own \"%2\" stands in, because %3."),
    QT_TRANSLATE_NOOP(
        "Engine", "The model %1 carries a chat template that is no text; Hadal's own \"%2\" stands in, because %3."),
    QT_TRANSLATE_NOOP("Engine",
                      "The model %1 carries a chat template that cannot be understood, %2; Hadal's own \"%3\" stands "
                      "in, because %4."),
    QT_TRANSLATE_NOOP("Engine", "The model %1 carries this chat template."),
    QT_TRANSLATE_NOOP("Engine", "This chat template was given."),
    QT_TRANSLATE_NOOP("Engine", "The chat template cannot be understood, %1."),
    QT_TRANSLATE_NOOP("Engine", "The chat template refuses this conversation: %1."),
    QT_TRANSLATE_NOOP("Engine", "The chat template fails in line %1: %2."),
    QT_TRANSLATE_NOOP("Engine", "The system has no memory left to render the chat template."),
    QT_TRANSLATE_NOOP("Engine", "The answer cannot be continued: the chat template leaves it out or changes it."),
    QT_TRANSLATE_NOOP("Engine", "The answer cannot be continued: the last message has no text."),
    QT_TRANSLATE_NOOP("Engine", "The tools are no JSON list."),
    QT_TRANSLATE_NOOP("Engine", "The messages are no JSON."),
    QT_TRANSLATE_NOOP("Engine", "The messages are no JSON list of objects, each with a role and a content."),
    QT_TRANSLATE_NOOP("Engine", "%1.rope.freq_base must be above 1 for YaRN."),
    QT_TRANSLATE_NOOP("Engine", "%1.attention.head_count must be a multiple of %2.attention.head_count_kv."),
    QT_TRANSLATE_NOOP("Engine", "%1.embedding_length must be a multiple of %2.attention.head_count."),
    QT_TRANSLATE_NOOP(
        "Engine", "%1.embedding_length or %2.attention.key_length gives a head of attention more than 1024 elements."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "%1.rope.dimension_count and %2.attention.key_length must be even, and the first no more than the second."),
    QT_TRANSLATE_NOOP("Engine", "%1.attention.value_length must equal the key length."),
    QT_TRANSLATE_NOOP("Engine", "%1.vocab_size is %2 but token_embd.weight has %3 rows."),
    QT_TRANSLATE_NOOP("Engine", "tensor rope_freqs.weight holds a factor that is not above 0."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "The model file %1 was cut short while it was in use, or its disk failed. Load it again once it is whole."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "There is no token to compute: the text is empty, or the model's vocabulary has no token for any of it."),
    QT_TRANSLATE_NOOP("Engine", "The context's cache is full."),
    QT_TRANSLATE_NOOP("Engine", "This version cannot compute on the GPU yet; choose the processor."),
    QT_TRANSLATE_NOOP("Engine",
                      "%1.attention.sliding_window is set; this version knows no window that only the answer has."),
    QT_TRANSLATE_NOOP("Engine", "%1.expert_gating_func is %2; 1 (softmax) and 2 (sigmoid) are supported."),
    QT_TRANSLATE_NOOP("Engine", "%1.expert_count must be a multiple of %2.expert_group_count."),
    QT_TRANSLATE_NOOP("Engine", "%1.expert_group_used_count must be no more than %2.expert_group_count."),
    QT_TRANSLATE_NOOP("Engine",
                      "%1.expert_used_count must be no more than the experts of %2.expert_group_used_count groups."),
    QT_TRANSLATE_NOOP("Engine", "%1.expert_used_count must be no more than %2.expert_count."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "%1.expert_shared_feed_forward_length must be %2.expert_shared_count times %3.expert_feed_forward_length."),
    QT_TRANSLATE_NOOP("Engine", "%1.leading_dense_block_count must be no more than %2.block_count."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "%1.expert_count is missing or 0, though %2.leading_dense_block_count leaves layers that have experts."),
    QT_TRANSLATE_NOOP("Engine", "%1.expert_group_used_count must be at least 1 where there is %2.expert_group_count."),
    QT_TRANSLATE_NOOP("Engine", "%1.nextn_predict_layers must be less than %2.block_count."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 is missing, though there is %2: all layers with experts have one, or none."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 is none that models of type %2 have."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 is missing, though config.json says attention_bias."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 is there, but config.json does not say that %2 is true."),
    QT_TRANSLATE_NOOP(
        "Engine", "no tensor mlp.gate.e_score_correction_bias is there, though topk_method noaux_tc chooses by it."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 is there, but topk_method in config.json is not noaux_tc."),
    QT_TRANSLATE_NOOP("Engine", "config.json: %1 is false; this version knows this model with biases only."),
    QT_TRANSLATE_NOOP("Engine", "config.json: %1 is %2, which this version does not know for this model; 1 is."),
    QT_TRANSLATE_NOOP("Engine",
                      "config.json: %1 and %2 differ, or are not both there, which this version does not know."),
    QT_TRANSLATE_NOOP("Engine", "config.json: %1 is false; this version rounds YaRN's borders to whole pairs."),
    QT_TRANSLATE_NOOP("Engine", "config.json: %1 must be above low_freq_factor."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 holds a value that is not finite."),
    QT_TRANSLATE_NOOP("Engine", "metadata %1: element %2, \"%3\", is not known."),
    QT_TRANSLATE_NOOP("Engine", "metadata %1 names the token %2, but there are only %3."),
    QT_TRANSLATE_NOOP("Engine", "metadata %1 occurs twice."),
    QT_TRANSLATE_NOOP("Engine", "metadata %1 should be of type %2, but is %3."),
    QT_TRANSLATE_NOOP("Engine", "metadata general.alignment is %1, but must be a power of two from 8 to 2097152."),
    QT_TRANSLATE_NOOP("Engine", "the metadata has no %1 (%2)."),
    QT_TRANSLATE_NOOP("Engine", "%1 has the unknown type %2."),
    QT_TRANSLATE_NOOP("Engine", "%1 should be true or false (1 or 0), but is %2."),
    QT_TRANSLATE_NOOP("Engine", "%1 is an array of arrays, which no model needs."),
    QT_TRANSLATE_NOOP("Engine", "%1 is an array of the unknown type %2."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 occurs twice in the tensor table."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 of %2 has no name."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 has %2 dimensions; 1 to 4 are allowed."),
    QT_TRANSLATE_NOOP("Engine", "%1: dimension %2 is 0."),
    QT_TRANSLATE_NOOP("Engine", "%1 has more than 2^63 elements."),
    QT_TRANSLATE_NOOP("Engine", "%1 has rows of %2 elements, which is no multiple of %3, the block of type %4."),
    QT_TRANSLATE_NOOP("Engine", "%1 is larger than any file can be."),
    QT_TRANSLATE_NOOP("Engine", "%1: offset %2 is no multiple of %3, the file's alignment."),
    QT_TRANSLATE_NOOP("Engine",
                      "tensor %1 (offset %2, %3): the file ends inside it: %4 of %5 are there. Download it again."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "tensor %1 (offset %2, %3): it lies beyond the end of the file: %4 of %5 are there. Download it again."),
    QT_TRANSLATE_NOOP("Engine",
                      "tensors %1 and %2 overlap: the second begins at byte %3, before the first ends at byte %4."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 is missing."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 is of type %2, which this version cannot compute with."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 is of type %2; a vector must be F32, F16 or BF16."),
    QT_TRANSLATE_NOOP("Engine", "tensor %1 is %2 where the model needs %3."),
    QT_TRANSLATE_NOOP(
        "Engine",
        "tensor %1 belongs to no part of the model that the metadata describe (%2.block_count is %3); the "
        "answers would be wrong without it."),
    QT_TRANSLATE_NOOP(
        "Engine", "the model's architecture (metadata general.architecture) is \"%1\"; this version of Hadal runs %2."),
    QT_TRANSLATE_NOOP("Engine",
                      "the model's architecture (metadata general.architecture) is \"%1\" (%2), which would need %3; "
                      "this version of Hadal runs %4."),
    QT_TRANSLATE_NOOP("Engine", "sparse attention with a lightning indexer"),
    QT_TRANSLATE_NOOP("Engine", "compressed sparse attention and hyper-connections"),
    QT_TRANSLATE_NOOP("Engine", "rotary positions in several dimensions"),
    QT_TRANSLATE_NOOP("Engine", "layers of linear attention"),
    QT_TRANSLATE_NOOP("Engine", "layers without rotary positions"),
    QT_TRANSLATE_NOOP("Engine", "attention in chunks and layers without rotary positions"),
    QT_TRANSLATE_NOOP("Engine", "learned positions"),
    QT_TRANSLATE_NOOP("Engine", "its own factors on embeddings, residuals and logits"),
    QT_TRANSLATE_NOOP("Engine", "attention and feed-forward side by side"),
    QT_TRANSLATE_NOOP("Engine", "scaled embeddings and another activation"),
    QT_TRANSLATE_NOOP("Engine", "attention in both directions; it writes no text"),
    QT_TRANSLATE_NOOP("Engine", "fused projections and long-context factors"),
    QT_TRANSLATE_NOOP("Engine", "capped logits and norms after each half"),
    QT_TRANSLATE_NOOP("Engine", "windows that alternate from layer to layer"),
    QT_TRANSLATE_NOOP("Engine", "attention sinks and a mixture of experts"),
    QT_TRANSLATE_NOOP("Engine", "state-space layers"),
    QT_TRANSLATE_NOOP("Engine",
                      "%1.expert_count says that this is a mixture of experts, which this version cannot run."),
    QT_TRANSLATE_NOOP("Engine", "%1 must be a multiple of %2."),
    QT_TRANSLATE_NOOP("Engine", "%1 must be no more than %2."),
    QT_TRANSLATE_NOOP("Engine", "%1 must be %2 times %3."),
    QT_TRANSLATE_NOOP("Engine", "%1.expert_count is missing or 0, though %2 leaves layers that have experts."),
    QT_TRANSLATE_NOOP("Engine", "%1.rope.scaling.type \"%2\" is not supported; none, linear and yarn are."),
    QT_TRANSLATE_NOOP("Engine", "%1.rope.scaling.yarn_ext_factor is not 1; this version knows no partial YaRN."),
    QT_TRANSLATE_NOOP("Engine",
                      "%1.attention.sliding_window_pattern is set; this version knows one window for all layers only."),
    QT_TRANSLATE_NOOP("Engine",
                      "%1.attention.temperature_scale is set; this version knows no scores that depend on the "
                      "position."),
    QT_TRANSLATE_NOOP("Engine",
                      "the layers that have a tensor nextn.eh_proj.weight are not the last ones, as many as "
                      "%1.nextn_predict_layers says."),
    QT_TRANSLATE_NOOP("Engine", "This model has no layer that predicts more than the next token."),
    QT_TRANSLATE_NOOP("Engine", "%1 is %2; it must be between 1 and %3."),
    QT_TRANSLATE_NOOP("Engine", "%1 is %2; it must be above 0."),
    QT_TRANSLATE_NOOP("Engine", "tokenizer.ggml.tokens has %1 tokens, but tensor token_embd.weight has %2 rows."),
    QT_TRANSLATE_NOOP("Engine", "The system has no memory left to load %1."),
    QT_TRANSLATE_NOOP("Engine", "The system has no memory left for the engine."),
    QT_TRANSLATE_NOOP("Engine", "The system has no memory left for another request."),
    QT_TRANSLATE_NOOP("Engine", "The system has no memory left; the answer stopped here."),
    QT_TRANSLATE_NOOP("Engine", "The system has no %1 for the context's cache; choose a shorter context."),
    QT_TRANSLATE_NOOP("Engine",
                      "The model computed no usable number for the next token; its file is probably damaged."),
    QT_TRANSLATE_NOOP("Engine", "%1 cannot be opened: No such file or directory."),
    QT_TRANSLATE_NOOP("Engine", "%1 cannot be opened: Permission denied."),
    QT_TRANSLATE_NOOP("Engine", "%1 cannot be opened: %2."),
    QT_TRANSLATE_NOOP("Engine", "%1 cannot be read: Is a directory."),
    QT_TRANSLATE_NOOP("Engine", "%1 cannot be read: %2."),
    QT_TRANSLATE_NOOP("Engine", "%1 cannot be mapped into memory: %2."),
    QT_TRANSLATE_NOOP("Engine", "%1 is not a regular file."),
    QT_TRANSLATE_NOOP("Engine", "Loading was cancelled."),
    QT_TRANSLATE_NOOP("Engine", "its vocabulary has %1 and %2"),
    QT_TRANSLATE_NOOP("Engine", "its vocabulary has %1"),
    QT_TRANSLATE_NOOP("Engine", "its text is split as DeepSeek-Coder's"),
    QT_TRANSLATE_NOOP("Engine", "its name says %1"),
    QT_TRANSLATE_NOOP("Engine", "it is a Llama with a SentencePiece vocabulary"),
    QT_TRANSLATE_NOOP("Engine", "nothing tells what it was trained on"),
    QT_TRANSLATE_NOOP("Engine", "its first 8 bytes"),
    QT_TRANSLATE_NOOP("Engine", "its header"),
    QT_TRANSLATE_NOOP("Engine", "the first metadata key"),
    QT_TRANSLATE_NOOP("Engine", "the metadata key after %1"),
    QT_TRANSLATE_NOOP("Engine", "the name of tensor %1 of %2"),
    QT_TRANSLATE_NOOP("Engine", "the table entry of tensor %1"),
    QT_TRANSLATE_NOOP("Engine", "%1 bytes"),
    QT_TRANSLATE_NOOP("Engine", "metadata %1"),
    QT_TRANSLATE_NOOP("Engine", "tensor %1"),
};

QRegularExpression expressionOf(const char* pattern) {
  static const QRegularExpression place(QStringLiteral("\\\\%\\d|%\\d"));
  QString expression = QRegularExpression::escape(QLatin1String(pattern));
  expression.replace(place, QStringLiteral("(.+?)"));
  return QRegularExpression(QLatin1Char('^') + expression + QLatin1Char('$'),
                            QRegularExpression::DotMatchesEverythingOption);
}

// The pattern's own words, or nothing if none fits.
QString translated(const QString& phrase) {
  for (const char* pattern : kPatterns) {
    const QString own = QCoreApplication::translate("Engine", pattern);
    if (own == QLatin1String(pattern)) continue;
    const QRegularExpressionMatch match = expressionOf(pattern).match(phrase);
    if (!match.hasMatch()) continue;
    QString result = own;
    // The highest first, so that what is put in is not taken for a place itself.
    for (int i = match.lastCapturedIndex(); i >= 1; --i) {
      const QString inner = translated(match.captured(i));
      result.replace(QLatin1Char('%') + QString::number(i), inner.isEmpty() ? match.captured(i) : inner);
    }
    return result;
  }
  return {};
}

}  // namespace

QString engineWords(const QString& sentence) {
  // What a folder of Hugging Face calls the keys and tensors that the sentence names as GGUF does.
  const QLatin1String marker(" The folder's own names: ");
  if (const qsizetype at = sentence.lastIndexOf(marker); at > 0 && sentence.endsWith(QLatin1Char('.'))) {
    const QString names = sentence.mid(at + marker.size()).chopped(1);
    return QCoreApplication::translate("Engine", "%1 The folder's own names: %2.", "a sentence, and names")
        .arg(engineWords(sentence.left(at)), names);
  }
  if (const QString whole = translated(sentence); !whole.isEmpty()) return whole;
  // "name.gguf: what is wrong with it"
  const qsizetype colon = sentence.indexOf(QLatin1String(": "));
  if (colon > 0) {
    const QString reason = translated(sentence.mid(colon + 2));
    if (!reason.isEmpty())
      return QCoreApplication::translate("Engine", "%1: %2", "a file, and what is wrong with it")
          .arg(sentence.left(colon), reason);
  }
  return sentence;
}

}  // namespace hadal
