//! Empty copies of tables in another schema, alike down to the names of their constraints and indexes.
//!
//! The definitions are read from the live table, so a later migration changes them in one place only.

use crate::error::Error;
use tokio_postgres::GenericClient;

/// Creates `schema.table` like `public.table`, with its checks and its primary key but no further index:
/// filling it is faster without.
pub(crate) async fn create(client: &impl GenericClient, schema: &str, table: &str) -> Result<(), Error> {
    let like = "including defaults including constraints including comments including storage";
    client.batch_execute(&format!("create table {schema}.{table} (like public.{table} {like})")).await?;
    let keys = client
        .query(
            "select format('add constraint %I %s', conname, pg_get_constraintdef(oid)) from pg_constraint \
             where conrelid = to_regclass('public.' || $1::text) and contype in ('p', 'u') order by conname",
            &[&table],
        )
        .await?;
    for key in keys {
        let add: &str = key.try_get(0)?;
        client.batch_execute(&format!("alter table {schema}.{table} {add}")).await?;
    }
    Ok(())
}

/// Gives a filled copy what `create` left out: the other indexes with their comments, the table's comment,
/// owner and grants, and statistics for the planner.
pub(crate) async fn complete(client: &impl GenericClient, schema: &str, table: &str) -> Result<(), Error> {
    let statements = client
        .query(
            r"
            with live as (select oid, relowner, relacl from pg_class where oid = to_regclass('public.' || $2::text)),
            indexes as (
                select indexrelid, pg_get_indexdef(indexrelid) as definition from pg_index
                where indrelid = (select oid from live)
                    and not exists (select from pg_constraint where conindid = indexrelid)
            )
            select 1, replace(definition, ' ON public.', format(' ON %s.', $1::text)) from indexes
            union all
            select 2, format('comment on index %s.%I is %L', $1, relname, obj_description(indexrelid, 'pg_class'))
            from indexes join pg_class on oid = indexrelid where obj_description(indexrelid, 'pg_class') is not null
            union all
            select 2, format('comment on table %s.%I is %L', $1, $2, obj_description(oid, 'pg_class'))
            from live where obj_description(oid, 'pg_class') is not null
            union all
            select 3, format('grant %s on %s.%I to %s', privilege_type, $1, $2,
                case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end)
            from live cross join aclexplode(relacl) where grantee <> relowner
            union all
            select 4, format('alter table %s.%I owner to %I', $1, $2, pg_get_userbyid(relowner)) from live
            union all
            select 5, format('analyze %s.%I', $1, $2)
            order by 1",
            &[&schema, &table],
        )
        .await?;
    for statement in statements {
        client.batch_execute(statement.try_get(1)?).await?;
    }
    Ok(())
}

/// The columns of a table's primary key, in order.
pub(crate) async fn key_columns(client: &impl GenericClient, table: &str) -> Result<Vec<String>, Error> {
    let rows = client
        .query(
            "select attname::text from pg_index cross join unnest(indkey) with ordinality as key(number, place) \
             join pg_attribute on attrelid = indrelid and attnum = key.number \
             where indrelid = to_regclass('public.' || $1::text) and indisprimary order by place",
            &[&table],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
