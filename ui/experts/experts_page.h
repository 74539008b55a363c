#pragma once

#include <QWidget>

#include "app/inference/inference_service.h"

class QScrollArea;

namespace hadal::ui {

class ElidedLabel;
class HeatMap;
class IconButton;
class TextLabel;

/// Which experts of a mixture the chats have asked since the model was loaded: figures of balance, and a map of layers
/// and experts.
class ExpertsPage : public QWidget {
  Q_OBJECT
 public:
  explicit ExpertsPage(QWidget* parent = nullptr);

  void setModel(const ModelStatus& status);
  void setUse(const ExpertUse& use);

 Q_SIGNALS:
  void closed();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  class Figure;

  void build();
  void retranslate();
  void refresh();
  void describe(qsizetype layer, int expert);

  ModelStatus model_;
  ExpertUse use_;
  QScrollArea* scroll_;
  QWidget* content_;
  IconButton* close_;
  TextLabel* lead_;
  TextLabel* none_;  ///< What is said instead of figures.
  QWidget* shown_;   ///< Figures and map.
  Figure* tokens_;
  Figure* busiest_;
  Figure* variation_;
  Figure* entropy_;
  TextLabel* heading_;
  HeatMap* map_;
  ElidedLabel* detail_;
  ElidedLabel* least_;
  ElidedLabel* most_;
};

}  // namespace hadal::ui
