#include "app/store/search.h"

#include <QHash>
#include <QStringList>

#include "app/store/connection.h"
#include "app/store/conversations.h"

namespace hadal {

namespace {

// The index holds runs of three characters; shorter words are looked for in the text itself.
constexpr int kIndexed = 3;

struct Terms {
  QStringList all;
  QString indexed;       ///< FTS5 query; empty if every word is too short.
  QStringList patterns;  ///< LIKE patterns of the short words.
};

Terms parse(const QString& text) {
  Terms terms;
  terms.all = text.simplified().split(u' ', Qt::SkipEmptyParts);
  for (const QString& term : terms.all) {
    // The index counts characters, QString UTF-16 units.
    if (term.toUcs4().size() >= kIndexed) {
      terms.indexed += u'"' + QString(term).replace(u'"', QStringLiteral("\"\"")) + QStringLiteral("\" ");
    } else {
      QString escaped = term;
      for (const char16_t special : {u'\\', u'%', u'_'}) {
        escaped.replace(QChar(special), QString(u'\\') + QChar(special));
      }
      terms.patterns.append(u'%' + escaped + u'%');
    }
  }
  return terms;
}

/// About eighty characters around the first match, on one line, matches between U+0002 and U+0003.
QString snippet(const QString& content, const QStringList& terms) {
  const QString phrase = terms.join(u' ');
  constexpr qsizetype kBefore = 24;
  constexpr qsizetype kLength = 96;
  // All the words together, where they stand so, say more than the first of them.
  const qsizetype literal = content.indexOf(phrase, 0, Qt::CaseInsensitive);
  qsizetype first = literal >= 0 ? literal : content.size();
  for (const QString& term : literal >= 0 ? QStringList() : terms) {
    const qsizetype at = content.indexOf(term, 0, Qt::CaseInsensitive);
    if (at >= 0) first = std::min(first, at);
  }
  if (first == content.size()) first = 0;
  qsizetype begin = std::max<qsizetype>(0, first - kBefore);
  qsizetype end = std::min(content.size(), begin + kLength);
  if (begin > 0 && content[begin].isLowSurrogate()) --begin;
  if (end < content.size() && content[end].isLowSurrogate()) ++end;
  QString cut = content.mid(begin, end - begin).replace(u'\n', u' ');
  for (const QString& term : terms) {
    for (qsizetype at = 0; (at = cut.indexOf(term, at, Qt::CaseInsensitive)) >= 0; at += term.size() + 2) {
      cut.insert(at + term.size(), QChar(u'\u0003')).insert(at, QChar(u'\u0002'));
    }
  }
  return (begin > 0 ? QStringLiteral("…") : QString()) + cut + (end < content.size() ? QStringLiteral("…") : QString());
}

/// "AND x MATCH ?" and "AND x LIKE ?" for the terms, and their values.
QString conditions(const Terms& terms, const QString& index, const QString& column, QVariantList& values) {
  QString sql;
  if (!terms.indexed.isEmpty()) {
    sql += QStringLiteral(" AND %1 MATCH ?").arg(index);
    values.append(terms.indexed);
  }
  for (const QString& pattern : terms.patterns) {
    sql += QStringLiteral(" AND %1 LIKE ? ESCAPE '\\'").arg(column);
    values.append(pattern);
  }
  return sql;
}

}  // namespace

QList<SearchHit> Search::find(const QString& text, int limit) {
  const Terms terms = parse(text);
  QList<SearchHit> hits;
  if (terms.all.isEmpty()) return hits;
  QHash<ConversationId, Conversation> known;
  for (const Conversation& c : Conversations(connection_).all()) known.insert(c.id, c);

  const auto collect = [&](const QString& sql, const QVariantList& values) {
    Statement select(connection_, sql);
    for (const QVariant& value : values) select.bind(value);
    select.bind(limit);
    while (select.next()) {
      const auto conversation = known.constFind(select.integer(1));
      if (conversation == known.constEnd()) continue;
      hits.append({*conversation, select.integer(0), snippet(select.text(2), terms.all)});
    }
  };
  const bool indexed = !terms.indexed.isEmpty();
  QVariantList values;
  QString where = conditions(terms, QStringLiteral("title_search"), QStringLiteral("c.title"), values);
  collect(QStringLiteral("SELECT 0, c.id, c.title FROM %1 WHERE c.removed IS NULL %2 ORDER BY c.id DESC LIMIT ?")
              .arg(indexed ? QStringLiteral("title_search JOIN conversations c ON c.id = title_search.rowid")
                           : QStringLiteral("conversations c"),
                   where),
          values);
  values.clear();
  where = conditions(terms, QStringLiteral("message_search"), QStringLiteral("m.content"), values);
  // Newest first comes free: both the index and the table run by id.
  collect(QStringLiteral("SELECT m.id, m.conversation_id, m.content FROM %1 WHERE %2 %3 ORDER BY %4 DESC LIMIT ?")
              .arg(indexed ? QStringLiteral("message_search JOIN messages m ON m.id = message_search.rowid")
                           : QStringLiteral("messages m"),
                   QStringLiteral("m.conversation_id NOT IN (SELECT id FROM conversations WHERE removed IS NOT NULL)"),
                   where, indexed ? QStringLiteral("message_search.rowid") : QStringLiteral("m.id")),
          values);
  return hits;
}

}  // namespace hadal
