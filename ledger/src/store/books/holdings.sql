select asked.place, coalesce(sum(balance_after), 0), coalesce(sum((state ->> 'held')::numeric), 0),
    (select count(*) from account), (select id from account order by place desc limit 1)
from unnest($2::bigint[]) with ordinality as asked (position, place)
left join stated using (place)
group by asked.place
order by asked.place
