-- What a phase did, step by step: the checkpoint holds the newest state only.
CREATE TABLE phase_steps (
    episode_id uuid NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    phase      text NOT NULL,
    round      integer NOT NULL CHECK (round >= 1),
    step       integer NOT NULL CHECK (step >= 1),
    name       text NOT NULL,
    attempt    integer NOT NULL,
    state      jsonb NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (episode_id, phase, round, step)
);
