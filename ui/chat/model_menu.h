#pragma once

#include <QStringList>
#include <QWidget>
#include <functional>

#include "app/inference/inference_service.h"

namespace hadal::ui {

using UseModel = std::function<void(const QString& path)>;

/// Asks for a GGUF file, or any file of a model's folder, without stopping the program meanwhile.
void pickModelFile(QWidget* parent, const QString& current, UseModel use);
/// The same for a folder.
void pickModelFolder(QWidget* parent, const QString& current, UseModel use);

/// What the menu of models is made of.
struct ModelMenu {
  ModelStatus status;
  QStringList recent;   ///< Paths, the newest first; those that are gone are left out.
  QStringList folders;  ///< Where models are looked for, besides where the present one lies.
  bool locked = false;  ///< The model is the administrator's to choose.
  UseModel use;
  std::function<void()> chooseFile, chooseFolder;
  std::function<void()> showExperts;  ///< Offered for mixtures of experts.
};

/// The models found on this machine, files and folders, and a way to any other. The folders are read in another thread;
/// then the menu opens.
void popUpModelMenu(QWidget* parent, const QPoint& global, ModelMenu menu);

}  // namespace hadal::ui
