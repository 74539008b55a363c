-- Hadal's database, version 1. The comments inside the tables stay in the file: `sqlite3 hadal.db .schema` shows them.

CREATE TABLE folders (
  -- Groups in the list of conversations.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  position INTEGER NOT NULL DEFAULT 0, -- order in the list
  created INTEGER NOT NULL             -- every time is in milliseconds since 1970 UTC: datetime(created / 1000, 'unixepoch')
) STRICT;

CREATE TABLE conversations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL,
  folder_id INTEGER REFERENCES folders(id) ON DELETE SET NULL,
  pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
  draft TEXT NOT NULL DEFAULT '',      -- typed and not yet sent
  leaf_id INTEGER REFERENCES messages(id) ON DELETE SET NULL, -- end of the branch that is shown
  removed INTEGER,                     -- when it was removed; such a row goes when the program ends
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL             -- last question or answer
) STRICT;

CREATE INDEX conversations_by_update ON conversations(updated);
CREATE INDEX conversations_by_leaf ON conversations(leaf_id);
CREATE INDEX conversations_by_folder ON conversations(folder_id);

CREATE TABLE messages (
  -- A tree: the children of one message are branches, of which one is shown.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation_id INTEGER NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  parent_id INTEGER REFERENCES messages(id) DEFERRABLE INITIALLY DEFERRED, -- NULL for the first message
  role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
  content TEXT NOT NULL DEFAULT '',
  thinking TEXT NOT NULL DEFAULT '',   -- reasoning, kept apart from the answer
  state TEXT NOT NULL CHECK (state IN ('streaming', 'done', 'stopped', 'failed', 'interrupted')),
  problem TEXT NOT NULL DEFAULT '',    -- of a failed answer, for the program: 'prompt_too_long', 'no_model', ...
  error TEXT NOT NULL DEFAULT '',      -- of a failed answer, as a sentence
  model TEXT NOT NULL DEFAULT '',      -- the model that answered
  prompt_tokens INTEGER NOT NULL DEFAULT 0,
  tokens INTEGER NOT NULL DEFAULT 0,
  tokens_per_second REAL NOT NULL DEFAULT 0,
  first_token_seconds REAL NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  finished INTEGER                     -- NULL while it is streaming
) STRICT;

CREATE INDEX messages_by_conversation ON messages(conversation_id, parent_id);
CREATE INDEX messages_by_parent ON messages(parent_id);
-- Found at start-up after a crash: few, so the index is tiny.
CREATE INDEX messages_unfinished ON messages(state) WHERE state = 'streaming';

CREATE TABLE attachments (
  -- Files and pictures that belong to a message.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id INTEGER NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  mime_type TEXT NOT NULL,
  sha256 TEXT NOT NULL,                -- of the bytes, in hexadecimal
  bytes BLOB NOT NULL,
  created INTEGER NOT NULL
) STRICT;

CREATE INDEX attachments_by_message ON attachments(message_id);

CREATE TABLE adapters (
  -- LoRA adapters that the person added or trained.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  file TEXT NOT NULL,                  -- where the weights are
  base_model TEXT NOT NULL,            -- what they were trained for
  strength REAL NOT NULL DEFAULT 1,
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
  -- What the person chose; a key that is missing has its default.
  key TEXT PRIMARY KEY,
  value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE state (
  -- What the program remembers by itself, such as the draft of a conversation that does not exist yet.
  key TEXT PRIMARY KEY,
  value ANY
) STRICT, WITHOUT ROWID;

-- Full-text search. Trigrams find any three characters in a row, which also works for Chinese. An answer is indexed
-- when it ends, not with every piece of it: the conditions of the triggers must be those of the view.
CREATE VIEW searchable_messages AS SELECT id, content FROM messages WHERE state <> 'streaming';

CREATE VIRTUAL TABLE message_search USING fts5(content, content='searchable_messages', content_rowid='id', tokenize='trigram');
CREATE VIRTUAL TABLE title_search USING fts5(title, content='conversations', content_rowid='id', tokenize='trigram');

CREATE TRIGGER messages_search_insert AFTER INSERT ON messages WHEN new.state <> 'streaming' BEGIN
  INSERT INTO message_search(rowid, content) VALUES (new.id, new.content);
END;

CREATE TRIGGER messages_search_delete AFTER DELETE ON messages WHEN old.state <> 'streaming' BEGIN
  INSERT INTO message_search(message_search, rowid, content) VALUES ('delete', old.id, old.content);
END;

CREATE TRIGGER messages_search_leave AFTER UPDATE OF content, state ON messages
WHEN old.state <> 'streaming' AND new.state = 'streaming' BEGIN
  INSERT INTO message_search(message_search, rowid, content) VALUES ('delete', old.id, old.content);
END;

CREATE TRIGGER messages_search_enter AFTER UPDATE OF content, state ON messages
WHEN old.state = 'streaming' AND new.state <> 'streaming' BEGIN
  INSERT INTO message_search(rowid, content) VALUES (new.id, new.content);
END;

CREATE TRIGGER messages_search_change AFTER UPDATE OF content, state ON messages
WHEN old.state <> 'streaming' AND new.state <> 'streaming' BEGIN
  INSERT INTO message_search(message_search, rowid, content) VALUES ('delete', old.id, old.content);
  INSERT INTO message_search(rowid, content) VALUES (new.id, new.content);
END;

CREATE TRIGGER titles_search_insert AFTER INSERT ON conversations BEGIN
  INSERT INTO title_search(rowid, title) VALUES (new.id, new.title);
END;

CREATE TRIGGER titles_search_delete AFTER DELETE ON conversations BEGIN
  INSERT INTO title_search(title_search, rowid, title) VALUES ('delete', old.id, old.title);
END;

CREATE TRIGGER titles_search_update AFTER UPDATE OF title ON conversations BEGIN
  INSERT INTO title_search(title_search, rowid, title) VALUES ('delete', old.id, old.title);
  INSERT INTO title_search(rowid, title) VALUES (new.id, new.title);
END;
