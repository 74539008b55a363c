#pragma once

#include <QList>
#include <QMetaType>

namespace hadal {

struct ExpertUsage;

/// How evenly tokens fell on experts: hadal/expert_usage.h says how each figure is made.
struct ExpertEvenness {
  double busiest = 0;    ///< Load of the busiest expert over the mean; 1 is even.
  double variation = 0;  ///< Standard deviation over the mean; 0 is even.
  double entropy = 0;    ///< 1 is even, 0 one expert for all.
};

/// One layer that has experts.
struct ExpertLayer {
  int number = 0;        ///< Among all layers of the model, from 0.
  QList<double> share;   ///< By expert: the part of the tokens it was chosen for, 0 to 1.
  QList<double> weight;  ///< By expert: the mean weight it was given where it was chosen.
  ExpertEvenness evenness{};
};

/// How the experts of the model in use were chosen since it was loaded, as the window draws it.
struct ExpertUse {
  int experts = 0;  ///< Of a layer, shared ones not counted; 0: the model is no mixture of experts.
  int used = 0;     ///< Chosen for each token.
  quint64 tokens = 0;
  QList<ExpertLayer> layers;  ///< Only those with experts; none before the first token.
  ExpertEvenness evenness{};  ///< Mean of the layers.

  double meanShare() const { return experts > 0 ? double(used) / experts : 0; }
};

ExpertUse expertUseOf(const ExpertUsage& usage);

}  // namespace hadal

Q_DECLARE_METATYPE(hadal::ExpertUse)
