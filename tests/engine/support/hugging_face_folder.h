#pragma once

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>

#include "models/open_checkpoint.h"
#include "models/quantise_model.h"
#include "ops/cpu_target.h"

/// Copies of the folders in tests/data/hugging_face that a test may change. What goes wrong here ends the test.
namespace hadal::test {

using Json = nlohmann::ordered_json;

inline QString hugging_face_data() {
  return qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/hugging_face/";
}

inline QByteArray read(const QString& path) {
  QFile file(path);
  if (!file.open(QFile::ReadOnly)) qFatal("%s: %s", qPrintable(path), qPrintable(file.errorString()));
  return file.readAll();
}

inline void write(const QString& path, const QByteArray& bytes) {
  QFile file(path);
  if (!file.open(QFile::WriteOnly)) qFatal("%s: %s", qPrintable(path), qPrintable(file.errorString()));
  file.write(bytes);
}

/// A model's folder with its tokenizer, in a place of its own.
inline QString assemble(const QTemporaryDir& place, const QString& model, const QString& tokenizer = "byte") {
  const QString folder = place.filePath(model), from = hugging_face_data() + "models/" + model;
  QDir().mkpath(folder);
  for (const QString& name : QDir(from).entryList(QDir::Files)) {
    QFile::copy(from + "/" + name, folder + "/" + name);
    QFile(folder + "/" + name).setPermissions(QFile::ReadOwner | QFile::WriteOwner);
  }
  write(folder + "/tokenizer.json", read(hugging_face_data() + "tokenizers/" + tokenizer + ".json"));
  return folder;
}

inline void edit(const QString& path, const std::function<void(Json&)>& change) {
  Json json = Json::parse(read(path).toStdString());
  change(json);
  write(path, QByteArray::fromStdString(json.dump()));
}

/// What of a safetensors file is behind its header.
inline qsizetype data_bytes(const QByteArray& bytes) {
  std::uint64_t length;
  std::memcpy(&length, bytes.constData(), sizeof length);
  return bytes.size() - 8 - static_cast<qsizetype>(length);
}

/// What the header of a safetensors file becomes.
inline void edit_header(const QString& path, const std::function<void(Json&)>& change) {
  const QByteArray bytes = read(path);
  std::uint64_t length;
  std::memcpy(&length, bytes.constData(), sizeof length);
  Json json = Json::parse(bytes.mid(8, static_cast<qsizetype>(length)).toStdString());
  change(json);
  const std::string header = json.dump();
  const QByteArray data = bytes.last(data_bytes(bytes));
  length = header.size();
  write(path,
        QByteArray(reinterpret_cast<const char*>(&length), sizeof length) + QByteArray::fromStdString(header) + data);
}

/// Writes a model's folder as a GGUF file of F32 beside it.
inline std::string as_gguf(const QString& folder) {
  const auto source = open_checkpoint(folder.toStdString());
  if (!source) qFatal("%s", source.error().message.c_str());
  auto plan = ModelQuantiser::plan(*source, QuantisationMix::f32, nullptr);
  if (!plan) qFatal("%s", plan.error().message.c_str());
  std::string path = folder.toStdString() + ".gguf";
  ComputePool pool(1);
  const auto written = plan->write(path, {pool, ops::Backend::cpu, ops::cpu_targets().front().index}, {});
  if (!written) qFatal("%s", written.error().message.c_str());
  return path;
}

}  // namespace hadal::test
