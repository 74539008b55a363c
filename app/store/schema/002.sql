-- Version 2: how long a model thought before it answered.

ALTER TABLE messages ADD COLUMN thinking_seconds REAL NOT NULL DEFAULT 0; -- of `thinking`; 0 in answers of version 1
