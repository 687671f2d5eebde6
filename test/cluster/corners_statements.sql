select o.id, (select z.q from lateral (select (select max(t.y + o.x) from t where t.x = o.x and t.id > w.m) q from
  (select min(id) m from t t2 where t2.y = o.y) w) z) from o order by 1;
select (select sum(o.x) from t i where i.id=1) from o;
select (select sum(o.x+i.x) from t i where i.id<4) from o order by 1;
select x, (select max(o.y) from nul), (select count(*) from t where t.x=o.x) from o group by x order by x;
select (select count(o.id) from e) from o;
select x, (select count(o.id) from nul where nul.x = o.x) from o group by x order by x;
select x from o group by x having (select max(o.y) + count(*) from t where t.x = o.x) > 20 order by 1;
select 1 from o having true;
select 1 from o having false;
select 1 from e having count(*) = 0;
select max(x) from e having max(x) is null;
select 'k' from o having sum(x) > 3;
select count(*) from o where false having count(*) > 0;
select count(*) from o group by ();
select count(*) from e group by ();
select count(*) from e group by (), ();
select x, count(*) from e group by grouping sets ((x), ());
select x, y, count(*), grouping(x,y) from o group by grouping sets ((x),(x),(y),(),()) order by grouping(x,y), x, y, 3;
select x, y, count(*) from o group by grouping sets ((x,y),(x)) having grouping(y) = 1 order by 1;
select x, y, count(distinct s) filter (where id > 10), sum(distinct x) from o group by cube(x,y) order by x, y, 3, 4;
select x+1 as p, count(*) from o group by rollup(x+1, y) having grouping(x+1)=0 order by 1,2;
select x, sum(id), rank() over (order by sum(id) desc nulls last, x) from o group by rollup(x) order by 3, 1;
select x, y, sum(sum(id)) over (partition by grouping(x,y) order by x, y) from o group by cube(x,y) order by 1,2,3;
select distinct on (x+1) x+1, id from o order by x+1, id desc;
select distinct on (coalesce(x,0), s) s, id from o order by coalesce(x,0), s, id;
select distinct on (x) x, y from o order by x, y nulls first, id limit 3;
select distinct on (x) x, count(*) over (partition by x) from o order by x;
select distinct on (1) 1, id from o order by 1, id;
with w as (select x from o), v as (with w as (select y as x from o) select * from w union select * from w) select
  count(*), sum(x) from (select * from v union all select * from w) z;
with t as (select 1 as x) select * from t;
with t as (select x from corners.t where x > 3) select t.x, count(*) from t group by 1 order by 1;
with recursive t(n) as (select min(x) from corners.t union all select n+1 from t where n < 5) select * from t join o
  on o.x = t.n order by 1,2;
with a as materialized (select * from o), b as not materialized (select * from a where x = 2) select b.id, c.id from
  b join b c on b.id < c.id order by 1,2 limit 10;
with a as (select x, count(*) c from o group by x) select a.x, a.c, (select max(c) from a a2 where a2.x < a.x) from
  a order by 1;
select * from o full join t using (x) where o.id is null or t.id is null order by o.id, t.id;
select x, o.id, t.id from (select id, x::bigint x from o where id<20) o full join (select id, x::smallint x from t
  where id < 15) t using (x) order by 1,2,3;
select x, o.id, t.id from (select id, x::numeric x from o where id<20) o full join (select id, x from t where id <
  15) t using (x) order by 1,2,3;
select s, o.id, t.id from (select id, s from o where id<20) o full join (select id, s from t where id < 15) t using
  (s) order by 1,2,3;
select c, o.id, t.id from (select id, c from o where id<20) o full join (select id, c from t where id < 15) t using
  (c) order by 1,2,3;
select c, pg_typeof(c), length(c), o.id, t.id from (select id, c from o where id<20) o left join (select id, c::text
  c from t where id < 15) t using (c) order by 3,4,5;
select * from (select x,y from o) o natural join (select x, s from t) t order by 1,2,3 limit 20;
select * from (select x from o) a natural join (select y from t) b order by 1,2 limit 5;
select count(*) from o join t on false;
select count(*) from o left join t on null;
select count(*), count(t.id) from o full join t on false;
select count(*), count(t.id) from o left join t on 1=1;
select count(*), count(t.id) from o right join t on o.x is null and t.x=1;
select o.id, t.id from o left join t on o.id < 3 and t.id < 3 order by 1,2;
select o.id, t.id from o full join t on o.x = t.x and o.id < 5 and t.id < 5 order by 1,2;
select o.id, t.id from o full join t on o.id = t.id and o.x = 1 where coalesce(o.x, t.x) = 1 order by 1,2;
select id from o where x not in (select x from t where id < 20);
select id from o where x not in (select x from t where x is not null) order by 1;
select id from o where (x, y) not in (select x, y from nul) order by 1;
select id from o where (x, y) in (select x, y from nul) order by 1;
select id from o where (x, y) not in (select x, y from t where t.id = o.id) order by 1;
select id, (x,y) in (select x,y from nul), (x,y) not in (select x, y from nul) , (x,y) = any (select x,y from nul
  where x=1), (x,y) <> all (select x,y from nul where y =1) from o order by 1;
select id, x > all (select x from nul), x > any (select x from nul), x <= all (select x from e), x = any (select x
  from e) from o order by 1;
select id, (x, y) < (select 2, 3), row(x,y) = (select x, y from t where t.id=o.id), (x,y) is distinct from (1,2)
  from o order by 1;
select id from o where (x,y) >= (select max(x), 2 from t) order by 1;
select id from o where exists (select 1 from t where t.x = o.x having count(*) > 10) order by 1;
select id from o where exists (select from t where t.x=o.x limit 0);
select id from o where not exists (select count(*) from t where t.x=o.x);
select id from o where exists (select x from t where t.x = o.x except select x from t where t.y=3) order by 1;
select id from o where x in (select x from t intersect select y from t) order by 1;
select o.id, t.id from o join t on t.id = (select max(id) from t t2 where t2.x = o.x) order by 1;
select o.id, t.id from o left join t on t.id = (select max(id) from t t2 where t2.x = o.x and t2.y=t.y) order by 1,2;
select o.id, t.id from o left join t on exists (select 1 from nul where nul.x = o.x and nul.y = t.y) order by 1,2;
select o.id from o order by (select count(*) from t where t.x=o.x), id limit 5;
select id from o order by id limit (select count(*) from nul);
select id from o order by id limit (select max(x) from nul) offset (select min(y) from nul);
select o.id, z.id from o, lateral (select id from t where t.x=o.x order by id limit o.y) z order by 1,2;
select o.id, z.id from o, lateral (select id from t where t.x=o.x order by id offset o.y limit 1) z order by 1,2;
select id, sum(id) over (order by id rows between (select min(x) from nul) preceding and current row) from o order by 1;
select id, case when x is null then 0 when x > 0 then 10/x else -1 end, case when true then 1 else 1/0 end from o
  order by 1;
select id, case when y = 0 then (select 1/count(*) from e) else 5 end from o order by 1;
select id, coalesce(x, (select 1/count(*) from e)) from o where x is not null order by 1;
select id, coalesce(x, (select 1/count(*) from e)) from o order by 1;
select id from o where x is not null and (x = 0 or 10/x > 2) order by 1;
select case when count(*) > 0 then sum(x)/count(*) else 1/0 end from o;
select case when x > 100 then (select x from t) else 7 end from o;
select case when x = 1 then (select x from t) else 7 end from o;
select id, (select t.id from t where t.x=o.x) from o;
select id, array(select t.y from t where t.x=o.x order by t.id) from o order by 1;
select id, array(select o.x union all select o.y) from o order by 1;
select id, (select array_agg(t.y order by t.id) from t where t.x = o.x and t.y > o.y) from o order by 1;
select id, (select string_agg(t.s, ',' order by t.id) from t where t.x = o.x) from o order by 1;
select id, (select json_agg(t.y order by t.id) from t where t.x = o.x and t.id<30) from o order by 1;
select o.id, l1.m, l2.k from o cross join lateral (select max(t.y) m from t where t.x=o.x) l1 cross join lateral
  (select count(*) k from t where t.y=l1.m and t.x<>o.x) l2 order by 1;
select o.id, l1.m, l2.k from o left join lateral (select t.y m from t where t.x=o.x order by t.id limit 2) l1 on
  l1.m > 3 left join lateral (select n.x k from nul n where n.y < l1.m and n.x<=o.id) l2 on true order by 1,2,3;
select o.id, (select (select (select count(*) from t t3 where t3.x=o.x and t3.y=t2.y) from t t2 where t2.id=t1.id)
  from t t1 where t1.id=o.id) from o order by 1;
select o.id from o where x = (select max(x) from t where exists (select 1 from nul where nul.x=t.x and nul.y=o.y))
  order by 1;
select o.id, x, y from o where (select x from nul where nul.x=o.x and nul.y=o.x) is not null order by 1;
select x,y from o union select x,y from t intersect select x,y from o except select y,x from t;
(select x from o union all select y from t) except all (select x from t order by id limit 5) order by 1;
select x from o intersect all select x from t order by 1;
((select x from o order by id limit 3) union all (select x from t order by id desc limit 3)) order by 1 nulls first;
select 1, x from o union select 1.5, x from t order by 1,2;
select 'a', x from o where id < 3 union select s, x from t where id < 4 order by 1,2;
select null, x from o where id<4 union select s, x from t where id<4 order by 1,2;
select c from o union select c from t order by 1;
select c from o union select s from t order by 1;
select c::char(3) from o union select c from t order by 1;
select c, length(c), octet_length(c) from (select c from o union all select c::varchar from t) z order by 1,2,3;
select n from o union select n from t order by 1;
select n, scale(n) from (select n::numeric(10,1) n from o union all select n::numeric(10,3) from t) z order by 1,2;
select pg_typeof(n), n from (select n::numeric(10,1) n from o union all select n::numeric(10,1) from t) z order by 2
  limit 3;
select f from o union select f from t order by 1;
select f, count(*) from (select f from o union all select f::float8 from t) z group by f order by 1;
select distinct f from o order by 1;
select f, count(*) from o group by f order by f;
select o.f, count(*) from o join t on o.f=t.f group by 1 order by 1;
select o.id, t.id from o join t on o.f=t.n::float8 and t.id < 20 order by 1,2;
select count(*) from o join t on o.n=t.f;
select count(*) from o join t on o.n=t.n;
select count(*) from o join t on o.n=t.x;
select o.n, count(*), sum(o.n), avg(o.n), min(o.n), max(o.n), stddev(o.n), variance(o.n) from o join t on o.x=t.x
  group by 1 order by 1;
select sum(n), avg(n), min(n), max(n) from o where n <> 'NaN';
select sum(f), avg(f), min(f), max(f) from o;
select sum(v), avg(v), sum(v::numeric * 10^30), sum(v*v) from t;
select sum(v*1000000) from t;
select sum(v * 9000000) from t;
select sum((v * 1000000)::bigint) over (order by id) from t order by id;
select sum(2147483647) , avg(2147483647), sum(2147483647::bigint*4294967296) from t;
select sum(9223372036854775807) from t;
select -x, -y, abs(x - 5), x % nullif(y,1), mod(x,3), x/3, -7/ nullif(x,0), x # y, x & 3, x | 8, x << 2, ~x from o
  order by id;
select x / 0 from o where false;
select x / 0 from o where x > 100;
select id from o where 10 / x > 1 and x <> 0 order by 1;
select id, (-2147483648) / nullif(x - 2, 0) from o where id < 3;
select (-9223372036854775808) / (x - 2) from o where x=1;
select x::smallint * 32767::smallint from o order by 1;
select n::int, n::numeric(3,1), n::numeric(5,0) from o where n is not null and n <> 'NaN' order by id;
select n::int from o;
select f::int from o where f <> 'NaN' and f < 1e9 order by id;
select f::numeric from o order by id;
select f::text, f::float4, f+1, f*0, -f from o order by id;
select power(n, 2), sqrt(abs(n)), ln(abs(n)+1), exp(n/100), round(n, -1), trunc(n, 1), n % 3 from o where n <> 'NaN'
  order by id;
select id, n*n*n*n, n/7, n/0.0000001, 1/n from o where n<>'NaN' order by id;
select o.id, t.id, o.n*t.n, o.n/t.n, o.n-t.n, o.n+t.n from o join t on o.id=t.id order by 1;
select o.id, t.id, o.n*t.n, o.n+t.n from o join t on o.id=t.id order by 1;
select 1e1000 * x, 1e-1000 * x, x::numeric / 3, (x::numeric(20,10)) from o order by id;
select sum(1e1000 * x), avg(1e-100*x), sum(x * 12345678901234567890123456789012345678.123456789) from o;
select c, count(*) from o group by c order by c;
select o.c, t.c, count(*) from o join t on o.c=t.c group by 1,2 order by 1,2;
select o.id, t.id from o join t on o.c = t.s where t.id<30;
select o.id from o where c like 'a1' or c like 'a1%' or c like 'a2   ' order by 1;
select id, c || 'x', length(c), char_length(c), octet_length(c), upper(c), lpad(c,7,'*'), substr(c,1,4), c = 'a1', c
  = 'a1 ', c::text = 'a1 ', left(c,3), reverse(c), position(' ' in c), trim(c), replace(c,' ','_'), concat(c,c),
  md5(c) from o order by id;
select id from t where c in ('a1','a2 ','zz') order by 1;
select id from t where c = any(array['a1','a2 ']) order by 1;
select id from t where c = any(array['a1','a2 ']::text[]) order by 1;
select o.c || t.c, o.c::text || t.c, concat(o.c, '|', t.c), coalesce(o.c, t.c), nullif(o.c,t.c), greatest(o.c, t.c),
  case when o.id<10 then o.c else t.c end from o join t on o.id=t.id order by o.id;
select coalesce(o.c, t.s), case when o.id<10 then o.c else t.s end, length(coalesce(o.c,t.s)), length(coalesce(t.s,
  o.c)) from o join t on o.id=t.id order by o.id;
select max(c), min(c), max(s), min(s), count(distinct c), string_agg(c, ',' order by id), string_agg(distinct c,
  ',') from o;
select x, string_agg(o.c, '-' order by o.id desc) from o group by x order by x;
select id, s, c, d from o where (s, c) in (select s, c from t) order by 1;
select m, count(*) from typ group by m order by 1;
select a.m, count(*) from typ a join typ b on a.m=b.m group by 1 order by 1;
select ip, count(*) from typ group by ip order by 1;
select a.ip, a.r, a.nr, count(*) from typ a join typ b on a.ip=b.ip and a.r=b.r and a.nr=b.nr group by 1,2,3 order
  by 1,2,3;
select bits, vb, count(*) from typ group by 1,2 order by 1,2;
select a.id, b.id from typ a join typ b on a.jb = b.jb and a.id<b.id order by 1,2;
select tt, count(*) from typ group by tt order by tt;
select iv, count(*) from typ group by iv order by iv;
select a.id, b.id from typ a join typ b on a.iv = b.iv and a.tt=b.tt and a.id<b.id order by 1,2;
select t, count(*) from typ group by t order by 1;
select md, pr, count(*) from typ group by 1,2 order by 1,2;
select a.id,b.id from typ a join typ b on a.pr=b.pr and a.id<b.id order by 1,2;
select dm, da, count(*) from typ group by 1,2 order by 1,2;
select mac, cd, lsn, u, by, nm, ch, count(*) from typ group by 1,2,3,4,5,6,7 order by 1,2,3,4,5,6,7;
select mr, tq, count(*) from typ group by 1,2 order by 1,2;
select distinct p::text, bx::text, xm::text, js::text from typ order by 1,2,3,4;
select a.id, a.p, a.bx, a.xm, a.js, b.jb, b.tv from typ a join typ b on a.id=b.id order by a.id;
select m from typ union select m from typ order by 1;
select ip, jb, r from typ where id<10 except select ip, jb, r from typ where id>15 order by 1,2,3;
select max(m), min(m), sum(m), max(ip), min(ip), max(tt), min(iv), sum(iv), avg(iv), max(md), min(md), max(t),
  max(nm), max(lsn), bit_and(bits), bit_or(bits) from typ;
select md, max(m), sum(m), max(ip), max(r), range_agg(r), range_intersect_agg(nr), xmlagg(xm order by id),
  jsonb_agg(jb order by id) from typ group by md order by md;
select pr, (pr).a, (pr).b, pr is null, pr is not null from typ order by id;
select (pr).a, count(*) from typ group by 1 order by 1;
select a.pr = b.pr, a.pr < b.pr, a.pr is distinct from b.pr from typ a join typ b on a.id = b.id+1 order by a.id;
select typ.* is null, typ is null, row(m, ip) is null, row(m,ip) is not null, not (row(m,id) is null), row(m,id) is
  distinct from row(null,id) from typ order by id;
select t from t where id<5 order by id;
select t::text, o from t join o on t.id=o.id order by t.id;
select o from t left join o on t.id=o.id and o.x=1 order by t.id;
select o is null, (o).id, o.* is not null from t left join o on t.id=o.id and o.x=1 order by t.id;
select count(o), count(o.*), count(distinct o) from t left join o on t.id=o.id and o.x=1;
select row_to_json(z) from (select o.id, t.s from o join t on o.id=t.id order by 1 limit 3) z;
select to_jsonb(z) from (select x, count(*) from o group by x order by x) z;
select json_agg(z order by z.x) from (select x, sum(y) from o group by x) z;
select * from typ where dm = 3 order by id;
select dm+1, dm::int, da[1], da || 5::posint, array_length(da,1) from typ order by id;
select (x-3)::posint from o order by id;
select (x+1)::posint from o where x is not null order by id;
select id, x::nn from o;
select o.id, o.x::nn from o join t on o.id=t.id where o.x is not null order by 1;
select z.k::nn from o left join (select id, x::nn k from t) z on z.id=o.id and z.k is not null;
select t::text, o from t join o on t.id=o.id order by t.id;
select o from t left join o on t.id=o.id and o.x=1 order by t.id;
select o is null, (o).id, o.* is not null from t left join o on t.id=o.id and o.x=1 order by t.id;
select count(o), count(o.*), count(distinct o) from t left join o on t.id=o.id and o.x=1;
select vt from vt join o using (id) order by 1;
select vt from o left join vt using (id) order by o.id;
select z from o left join (select x, count(*) c from t group by x) z using (x) order by o.id;
select vagg from o left join vagg using (x) order by o.id;
select vagg::text, vagg is null from o left join vagg on vagg.x=o.x and vagg.c>20 order by o.id;
with w as (select x, y from t) select w from o join w using (x) order by 1 limit 5;
with w as (select x, sum(y) s from t group by x) select w, w is null from o left join w using (x) order by o.id;
select v from o left join (values (1,'a'),(2,null)) v(x,q) using (x) order by o.id;
select g from o left join generate_series(1,3) g on g=o.x order by o.id;
select f from o join lateral sqt(o.x) f on f.id<20 order by o.id, f.id;
select f from o join sqt(3) f on f.id<60 and f.id=o.id order by o.id, f.id;
select (f).s from o left join lateral (select t as f from t where t.id=o.id and t.x=1) z on true order by o.id;
select o.id, (select t from t where t.id=o.id) from o order by o.id;
select o.id, (select row(t.x,t.y) from t where t.id=o.id) from o order by o.id;
select (select z from (select t.x, t.y) z) from t order by t.id limit 5;
select row_to_json(o), to_json(t) from o join t using (id) where id < 3 order by id;
select par, kid from par left join kid using (a) order by 1,2;
select par.*, par from par join kid using (a) order by par.a;
select pp from pp join o on o.id=pp.k order by pp.k, pp.w limit 10;
select distinct t.ctid, o.xmin::text::int > 0 from t join o on t.id=o.id order by 1 limit 5;
select max(t::text), min(o::text), count(distinct t.*) from t join o using (x);
select array_agg(t order by t.id) from t join nul using (x);
select t, count(*) from t join o using (x) where t.id<10 group by t order by t;
select distinct t from t join o using (x) where t.id<10 order by t;
select t from t join o using(id) where t = (select t2 from t t2 where t2.id=7);
select a.id,b.id from typ a join typ b on a = b and a.id<5 order by 1;
select a.id,b.id from t a join t b on a = b and a.id<5 order by 1;
select a.id,b.id from t a join t b on a.* is not distinct from b.* and a.id<5 order by 1;
select a.id from t a where a in (select b from t b where b.x=1) order by 1;
select coalesce(t, t2) from t full join t t2 on t.id = t2.id+140 where t.id > 130 or t.id is null order by t.id,
  t2.id limit 30;
select pr from typ join o using (id) order by id;
select a.pr from o left join typ a using(id) order by o.id;
select z.pr, z.q from o left join (select id, pr, row(1,id) q from typ where id<4) z using (id) order by o.id limit 6;
select id, rl from rl join t using (id) order by id;
select o from o join t using(id) where length(o::text) > 60 order by o.id;
select case when o.x=1 then o else null end from o join t using (id) order by id;
select t from t union select t from t order by 1 limit 4;
select o.id from o where exists (select 1 from t where t is null);
select o.id from o left join t on t.id=o.id+120 where t is null order by 1;
select o.id from o left join t on t.id=o.id+120 where t is not null order by 1;
select o.id from o left join t on t.id=o.id+120 where not (t is not null) order by 1;
select o.id, t is distinct from null from o left join t on t.id=o.id+120 order by 1;
select z from o left join (select row(x, y, s) z, x from t where id<5) q using (x) order by o.id, z;
select q.z, count(*) from o join (select row(x, y) z, x from t where id<50) q using (x) group by q.z order by q.z;
select distinct row(o.x, t.x) from o join t using (id) order by 1;
select row(o.x, t.x) = row(1,1), row(o.x,t.x) from o join t using (id) order by o.id;
select max(row(o.x,t.y)::text) from o join t using (id);
select row(x,y) from o union select row(x,y) from t order by 1;
select row(x,y) from o union all select row(y,x) from t order by 1 limit 20;
select array_agg(row(o.x, t.y) order by t.id) from o join t using (id) where t.id<5;
select g from o left join (select generate_series(1,3), 'a') g(a,b) on g.a=o.x order by o.id;
select f from o left join lateral (select count(*), o.x) f on true order by o.id;
select f from o left join lateral (select t.id, o.x from t where t.id=o.x) f on true order by o.id;
select j from o left join json_to_recordset('[{"a":1,"b":"x"}]') as j(a int, b text) on j.a=o.x order by o.id;
with recursive r(a,b) as (select 1,'x'::text union all select a+1,b||'y' from r where a<4) select r from o left join
  r on r.a=o.x order by o.id;
select u from o left join (select x, y from t where id<5 union select x,y from nul) u on u.x=o.x order by o.id, u;
with w as materialized (select x, row(min(y), max(y)) q from t group by x) select a.q, b.q from w a left join w b on
  a.x=b.x+1 order by a.x;
select (select z from (select count(*) c, max(t.y) from t where t.x=o.x) z) from o order by id;
select id, lag(z) over (order by id), first_value(z) over (order by id) from (select t.id, row(t.x, o.x) z from t
  join o using (id)) q order by id;
select z.a from (select t as a, o as b from t join o using (id)) z order by (z.a).id;
select (z.a).s, (z.b).c from (select t as a, o as b from t left join o using (id)) z order by (z.a).id;
select id, (select max(x) from t limit 1 offset 1) from o order by id;
select id, (select max(x) from t limit 0) from o order by id;
select id, (select count(*) from t limit 1 offset 1) c, coalesce((select count(*) from t offset 3), -1) from o order
  by id;
select id from o where x > (select min(x) from t limit 1 offset 1) order by id;
select id from o where (select min(x) from t limit 1 offset 1) is null order by id;
select id from o where not exists (select max(x) from t limit 1 offset 1) order by id;
select id from o where x not in (select max(x) from t limit 1 offset 1) order by id;
select id, array(select max(x) from t offset 1) from o order by id;
select id, q.m from o left join lateral (select max(t.y) m from t where t.x = o.x offset 1) q on true order by id;
select id, (select max(t.y) from t where t.x = o.x offset 1) from o order by id;
select id, (select count(*) from t where t.x = o.x limit 0) from o order by id;
select id from o where (select count(*) from t where t.x = o.x offset 1) is null order by id;
select id from o where exists (select count(*) from t where t.x = o.x offset 1) order by id;
select id from o where (select a from (select max(x) a from t offset 1) z) is null order by id;
select id, (select count(*) from (select max(x) a from t offset 1) z) from o order by id;
with w as (select max(x) m from t offset 1) select id, (select m from w), (select count(*) from w) from o order by id;
select (select max(x) from t offset 1), (select sum(y) from t limit 1) from o limit 3;
select id from o where row(x,y) = (select max(x), min(x) from t offset 1) order by id;
select id, (select sum(x) over () from t limit 1 offset 1000) from o order by id;
select x, (select max(t.x) from t where t.y = sum(o.y) offset 1) from o group by x order by x;
select id, case when id < 5 then (select max(x) from t offset 1) else (select min(x) from t) end from o order by id;
select v.pct, s.n from (values (0), (100)) v(pct), lateral (select count(*) n from t tablesample bernoulli (v.pct)) s
  order by 1;
select x, (select count(*) from t tablesample system (o.x * 0 + 100)) from o where x < 3 order by o.id limit 3;
select id from o where exists (select from t tablesample system (100 - o.x * 0)) order by 1;
select x, (select grouping(x)) from o group by x order by 1;
select (select grouping(s.x)) g, count(*) from o cross join lateral (select (select o.x) as x) s group by s.x
  order by 2;
select x, count(*), (select grouping(x) + count(*) from e) from o group by rollup(x) order by 1, 2;
select c, variance(v * 1e-300), stddev_pop(v * 1e8000) from (select id % 3 c, (id + 0.5)::numeric v from o) z group by 1
  order by 1;
select x from o except (select value from (select id::small as value from o where id < 99) p intersect all
  select ((t.y)::small) from t);
(select o.x, o.s from o join t on true) except ((select p.id::small, o.s from o left join t p on o.id = p.id and
  p.id < 100) intersect all (select 3::small, o.s from o));
