#pragma once

#include <QWidget>
#include <functional>

#include "app/inference/inference_service.h"

namespace hadal::ui {

using UseFile = std::function<void(const QString& file)>;

/// Asks for a model file without stopping the program meanwhile.
void pickModelFile(QWidget* parent, const QString& current, UseFile use);

/// The models found on this machine, and a way to any other file. The menu opens at once; what is found is added.
void popUpModelMenu(QWidget* parent, const QPoint& global, const ModelStatus& status, UseFile use,
                    std::function<void()> choose);

}  // namespace hadal::ui
