#pragma once

#include <QString>
#include <QStringList>

namespace hadal::ui {

/// Cuts a growing Markdown text where what stands before can no longer be changed by what comes: parsing the pieces
/// one by one gives the blocks that parsing the whole would give. So each finished piece is parsed once, and only the
/// open end again.
///
/// (A link whose address is defined elsewhere, `[name]: address`, is resolved within its own piece only.)
class BlockSplitter {
 public:
  /// Takes more text; returns the pieces that are finished by it.
  QStringList append(QStringView more);
  /// The end that may still change.
  const QString& open() const { return open_; }

 private:
  struct Line;
  void take(const Line& line);
  bool endsBefore(const Line& line) const;

  QString open_;
  qsizetype scanned_ = 0;  ///< Start of the first line of open_ that was not looked at.
  bool blankBefore_ = false;
  bool list_ = false;  ///< The open piece began as a list.
  QChar fence_;        ///< Of the code block that is open, else null.
  int fenceLength_ = 0;
  bool closed_ = false;  ///< The line before ended the piece whatever follows.
};

}  // namespace hadal::ui
