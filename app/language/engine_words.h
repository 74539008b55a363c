#pragma once

#include <QString>

namespace hadal {

/// What the engine said, in the language of the program. The engine speaks English and knows no other; its sentences
/// are recognised by their pattern. One that is not known stays as it is.
QString engineWords(const QString& sentence);

}  // namespace hadal
