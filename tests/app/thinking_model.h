#pragma once

#include <QFile>
#include <QtEndian>

/// A copy of a GGUF file with another chat template, so that a model that does not think is asked as one that does: the
/// prompt ends in "<think>\n". Empty if the copy could not be made.
class ThinkingModel {
 public:
  static constexpr auto kTemplate =
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
      "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}";

  static QString make(const QString& from, const QString& to, const QByteArray& chatTemplate = kTemplate) {
    QFile file(from);
    if (!file.open(QIODevice::ReadOnly)) return {};
    ThinkingModel model;
    model.bytes_ = file.readAll();
    QFile copy(to);
    if (!model.replace(chatTemplate) || !copy.open(QIODevice::WriteOnly)) return {};
    return copy.write(model.bytes_) == model.bytes_.size() ? to : QString();
  }

 private:
  // GGUF version 3, little-endian: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
  template <class T>
  T number() {
    const T value = qFromLittleEndian<T>(bytes_.constData() + at_);
    at_ += static_cast<qsizetype>(sizeof(T));
    return value;
  }
  QByteArray text() {
    const auto length = static_cast<qsizetype>(number<quint64>());
    at_ += length;
    return bytes_.mid(at_ - length, length);
  }
  void skipValue(quint32 type) {
    constexpr int sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    if (type == 8) {
      text();
    } else if (type == 9) {
      const auto inner = number<quint32>();
      for (auto left = number<quint64>(); left > 0; --left) skipValue(inner);
    } else {
      at_ += sizes[type];
    }
  }
  static qsizetype padding(qsizetype at) { return (32 - at % 32) % 32; }

  bool replace(const QByteArray& chatTemplate) {
    at_ = 8;
    const auto tensors = number<quint64>();
    qsizetype begin = -1, end = -1;
    for (auto left = number<quint64>(); left > 0; --left) {
      const QByteArray key = text();
      const auto type = number<quint32>();
      if (key == "tokenizer.chat_template") begin = at_;
      skipValue(type);
      if (key == "tokenizer.chat_template") end = at_;
    }
    for (auto left = tensors; left > 0; --left) {
      text();
      const auto dimensions = number<quint32>();
      at_ += 8 * static_cast<qsizetype>(dimensions) + 4 + 8;
    }
    if (begin < 0) return false;
    const qsizetype data = at_ + padding(at_);
    QByteArray length(8, Qt::Uninitialized);
    qToLittleEndian<quint64>(static_cast<quint64>(chatTemplate.size()), length.data());
    QByteArray head = bytes_.first(begin) + length + chatTemplate + bytes_.mid(end, at_ - end);
    head.append(QByteArray(padding(head.size()), '\0'));
    bytes_ = head + bytes_.mid(data);
    return true;
  }

  QByteArray bytes_;
  qsizetype at_ = 0;
};
