-- Undo of V16. Loses nothing: a rebuild brings it back from the log. The older rule knows of no job that ended without
-- outputs and is charged.
update generations set charged = 0 where status in ('failed', 'cancelled', 'discarded') and charged > 0;
alter table generations
    drop constraint generations_charged_fits_kept,
    drop column cancel_keeps,
    drop column kept,
    add constraint generations_charged_fits_status check (
        charged >= 0 and (status not in ('failed', 'cancelled', 'discarded') or charged = 0)
    );
