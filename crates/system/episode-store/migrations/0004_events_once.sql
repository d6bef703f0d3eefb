-- An event that its source has numbered is stored once, however often the answer that holds it is handed in.
ALTER TABLE traces ADD COLUMN source text, ADD COLUMN seq bigint;
CREATE UNIQUE INDEX each_event_once ON traces (episode_id, source, seq) WHERE seq IS NOT NULL;
