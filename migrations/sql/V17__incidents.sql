-- Dead jobs that share a cause, two more ways to look for some, and what people decided about each cause. What a dead job is grouped by is worked out from its
-- row and its stream, so it is part of the read model. What was decided is in no stream, since a cause belongs to no account: it is
-- kept beside the log like bulk actions, and a rebuild of read models leaves it alone.

-- `incident` is the fingerprint of the cause, `provider` the one that was asked last in the run that died, and `incident_of` the
-- version of the row that both were worked out for. An older program leaves all three as they are: a row of another version is
-- found by dead_letters_unnamed, and its fingerprint made up for by whichever projector of this release runs.
alter table dead_letters
    add column provider text,
    add column incident text collate "C",
    add column incident_of bigint;

create index dead_letters_by_incident on dead_letters (incident, died_at, job_id) include (account_id, charged);
comment on index dead_letters_by_incident is
    'GET /admin/dlq/incidents: which there are, and what waits of each; GET /admin/dlq/messages?incident=… and bulk actions on one.';

create index dead_letters_by_account on dead_letters (account_id, died_at, job_id);
comment on index dead_letters_by_account is 'GET /admin/dlq/messages?user=… and bulk actions on one user, newest first.';

create index dead_letters_by_credits on dead_letters (charged, died_at, job_id);
comment on index dead_letters_by_credits is 'GET /admin/dlq/messages?sort=credits: the dearest first.';

create index dead_letters_unnamed on dead_letters (job_id, account_id) where incident_of is distinct from version;
comment on index dead_letters_unnamed is 'Projector: rows whose fingerprint is missing or of an older version. Mostly empty.';

-- What happened to an incident, in order. The newest row of one is how it stands. Nothing is ever changed here.
create table incident_changes (
    incident   text        not null collate "C",
    -- From 1, without gaps: whoever writes the next has seen the one before.
    revision   integer     not null,
    -- ignored, resolved, reopened: by a person. regressed (a job died of it after it was resolved), ignore_over: by itself.
    change     text        not null,
    -- Of `ignored`: until when, or until so many more have died of it.
    until      timestamptz,
    more       integer,
    -- Why, who, and through which request.
    reason     text,
    actor      text        not null,
    request_id text        not null,
    changed_at timestamptz not null,
    -- What it is about, so that it can be told when none of its jobs waits any more.
    kind       text        not null,
    provider   text,
    model      text        not null,
    class      text        not null,
    code       text        not null,
    message    text        not null,

    constraint incident_changes_pkey primary key (incident, revision),
    constraint incident_changes_change_known check (
        change in ('ignored', 'resolved', 'reopened', 'regressed', 'ignore_over')
    ),
    constraint incident_changes_terms_fit check (
        (change = 'ignored') = (num_nonnulls(until, more) = 1) and num_nonnulls(until, more) <= 1 and coalesce(more, 1) >= 1
    ),
    constraint incident_changes_revision_positive check (revision >= 1)
);

create index incident_changes_newest on incident_changes (changed_at, incident, revision);
comment on index incident_changes_newest is 'GET /admin/dlq/incidents: those of which no job waits, newest decision first.';
comment on table incident_changes is 'What was decided about causes of failures, by whom and when; the newest row of each is how it stands.';

grant select, insert on incident_changes to cooly_operator, cooly_projector;
grant select on incident_changes to cooly_reader;
