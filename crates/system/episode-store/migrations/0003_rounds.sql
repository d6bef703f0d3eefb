-- A phase may be asked for again, as the coder is after a rejection: each round has an outcome of its own.
ALTER TABLE phase_checkpoints ADD COLUMN round integer NOT NULL DEFAULT 1 CHECK (round >= 1);
ALTER TABLE phase_checkpoints DROP CONSTRAINT phase_checkpoints_pkey, ADD PRIMARY KEY (episode_id, phase, round);

-- The sweeper looks for episodes that have not ended; they are few among all.
CREATE INDEX unfinished_episodes ON episodes (id) WHERE status IN ('QUEUED', 'RUNNING');
