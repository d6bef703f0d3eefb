-- Episodes, the states they went through, what happened in them, and how far their phases have come.
-- Enum labels are upper case here and lower case on the wire.

CREATE TYPE episodestatus AS ENUM ('QUEUED', 'RUNNING', 'PLANNED', 'COMPLETED', 'FAILED', 'CANCELLED');

CREATE TYPE tracetype AS ENUM ('TOOL_START', 'TOOL_END', 'LLM_START', 'LLM_END', 'LOG', 'ERROR', 'EVENT');

CREATE TABLE episodes (
    id                uuid PRIMARY KEY,
    task              text NOT NULL,
    agent_name        text NOT NULL,
    status            episodestatus NOT NULL,
    failure_reason    text,
    workflow_id       text,
    worker_session_id text NOT NULL,
    skill_git_hash    text,
    metadata_vars     jsonb,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL
);

CREATE INDEX episodes_newest_first ON episodes (created_at DESC, id);
CREATE INDEX episodes_of_a_session ON episodes (worker_session_id);

-- Numbers are handed out while the episode's row is locked, so within one episode they grow in commit order:
-- who reads "everything after number N" misses nothing.
CREATE TABLE traces (
    id         bigserial PRIMARY KEY,
    episode_id uuid NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    trace_type tracetype NOT NULL,
    name       text,
    content    text,
    metadata   jsonb
);

CREATE INDEX traces_of_an_episode ON traces (episode_id, id);

CREATE TABLE episode_transitions (
    id          bigserial PRIMARY KEY,
    episode_id  uuid NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    status      episodestatus NOT NULL,
    at          timestamptz NOT NULL,
    workflow_id text,
    reason      text
);

CREATE INDEX transitions_of_an_episode ON episode_transitions (episode_id, id);

-- `finished_at` is set once, in the transaction that stores what the phase produced.
CREATE TABLE phase_checkpoints (
    episode_id  uuid NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    phase       text NOT NULL,
    attempt     integer NOT NULL,
    state       jsonb NOT NULL,
    updated_at  timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (episode_id, phase)
);
