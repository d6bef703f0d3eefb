-- Reviews of an episode's work, refusals of its plan, and who goes on after either.
-- Enum labels are upper case here and lower case on the wire.

CREATE TYPE nextagent AS ENUM ('PLANNER', 'CODER', 'REVIEWER');

CREATE TYPE reviewdecision AS ENUM (
    'APPROVED', 'REJECTED', 'REJECT_PLAN', 'REJECT_CODE', 'CONFIRM_PLAN_REFUSAL', 'REJECT_PLAN_REFUSAL'
);

CREATE TYPE refusalstate AS ENUM ('PENDING', 'CONFIRMED', 'REJECTED');

-- Empty until a review or a refusal says who goes on, and again when the episode has ended.
ALTER TABLE episodes ADD COLUMN next_agent nextagent;

-- Rounds are counted while the episode's row is locked, so they have no gaps.
CREATE TABLE reviews (
    episode_id uuid NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    round      integer NOT NULL CHECK (round >= 1),
    decision   reviewdecision NOT NULL,
    comments   jsonb NOT NULL,
    evidence   jsonb NOT NULL,
    next_agent nextagent,
    path       text NOT NULL,
    content    text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (episode_id, round)
);

CREATE TABLE plan_refusals (
    episode_id uuid NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    number     integer NOT NULL CHECK (number >= 1),
    reasons    jsonb NOT NULL,
    reason     text NOT NULL,
    evidence   jsonb NOT NULL,
    state      refusalstate NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (episode_id, number)
);

CREATE UNIQUE INDEX one_pending_refusal_of_an_episode ON plan_refusals (episode_id) WHERE state = 'PENDING';
