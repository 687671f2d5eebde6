-- Tables with NULLs, ties, zeros of both signs, not-a-numbers, blanks and types of every kind, for corners.test.ts.
create table o(id int primary key, x int, y int, s text, n numeric, f float8, d date, c char(5), b bool, j jsonb, ts
  timestamptz);
insert into o select i, nullif(i%7,3), nullif(i%5,0), case when i%6=0 then null else 'k'||(i%4) end, case i%5 when 0
  then 'NaN' when 1 then null else (i*1.10)::numeric end,
case i%6 when 0 then '-0' when 1 then '0' when 2 then 'NaN' when 3 then 'Infinity' when 4 then null else
  (i/3.0)::text end::float8, date '2020-01-01'+i%40, case when i%9=0 then null else 'a'||(i%3) end, nullif(i%3,2)=1,
case when i%4=0 then null else jsonb_build_object('a',i%3,'b',array[i%2]) end, timestamptz '2020-03-28 00:00+00'+
  i*interval '3 hours' from generate_series(1,60) i;
create table t(id int primary key, oid_ int, x int, y int, s varchar(8), n numeric(8,2), f float4, c char(8), v bigint);
insert into t select i, nullif(i%61,0), nullif(i%7,2), nullif(i%11,4), case when i%8=0 then null else 'k'||(i%5)
  end, nullif((i%13)*1.25,5), case i%7 when 0 then '-0' when 1 then 'NaN' when 2 then null else (i%4)::text
  end::float4, case when i%10=0 then null else 'a'||(i%4)||' ' end, i*1000000000::bigint from generate_series(1,150)
  i;
create table e(id int, x int, s text); 
create table nul(x int, y int); insert into nul values (null,null),(1,null),(null,1),(1,1),(2,1);
create table big(k int, g int, v int, w int); insert into big select i, i%10, nullif(i%17,5), nullif((i*7)%23,11)
  from generate_series(1,3000) i;
create type mood as enum('sad','ok','happy');
create type pair as (a int, b text);
create domain posint as int check (value>0); create domain small as posint check (value<100); create domain nn as
  int not null;
create table typ(id int primary key, m money, ip inet, r int4range, nr numrange, bits bit(4), vb varbit, xm xml, js
  json, jb jsonb, tv tsvector, p point, bx box, md mood, pr pair, dm small, da posint[], mac macaddr, cd cidr, lsn
  pg_lsn, u uuid, tt timetz, t time, iv interval, by bytea, nm name, ch "char", mr int4multirange, tq tsquery);
insert into typ select i, (i%5)::numeric::money, ('10.0.0.'||i%4)::inet, int4range(i%3,i%3+2),
  numrange(1,(i%3+1)::numeric), (i%4)::bit(4), (i%3)::bit(3)::varbit, ('<a>'||i%2||'</a>')::xml,
  ('{"a":'||i%3||'}')::json, ('{"a":'||(case i%3 when 0 then '1.0' when 1 then '1.00' else '2' end)||'}')::jsonb,
to_tsvector('simple','w'||i%3||' x'), point(i%2,1), box(point(0,0),point(i%3+1,2)),
  (array['sad','ok','happy'])[i%3+1]::mood, row(i%3,'p'||i%2)::pair, i%7+1, array[i%3+1,2], '08:00:2b:01:02:03',
  '10.0.0.0/8', ('0/'||i%3)::pg_lsn, ('00000000-0000-0000-0000-00000000000'||i%3)::uuid,
case i%3 when 0 then '12:00+00' when 1 then '13:00+01' else '12:00+02' end::timetz, case when i%4=0 then '24:00'
  else '00:00:01.5' end::time, case i%3 when 0 then '1 month' when 1 then '30 days' else '720:00' end::interval,
  decode(lpad(to_hex(i%3),2,'0'),'hex'), 'n'||i%3, chr(65+i%3)::"char", int4multirange(int4range(1,i%3+3)),
  ('w'||i%3)::tsquery from generate_series(1,24) i;
update typ set m=null, ip=null, r=null, bits=null, jb=null, md=null, pr=null, dm=null, u=null,
  tt=null,t=null,iv=null,by=null where id%8=0;
create table par(a int, b text, c numeric, g int generated always as (a*2) stored);
create table kid(extra date) inherits(par); insert into par(a,b,c) values(1,'p1',1.5),(2,'p2',null); insert into
  kid(a,b,c,extra) values(3,'k1',2.50,'2020-01-01'),(2,'k2',0,null);
create table pp(k int, v text, w numeric) partition by range(k); create table pp1 partition of pp for values from
  (0) to (10); create table pp2(w numeric, v text, k int); alter table pp attach partition pp2 for values from (10)
  to (20); create table pp3 partition of pp for values from (20) to (30) partition by list(v); create table pp3a
  partition of pp3 for values in ('a'); create table pp3b partition of pp3 default; create table ppd partition of pp
  default;
insert into pp select nullif(i%37,33), chr(97+i%3), i/4.0 from generate_series(1,200) i;
create function sqt(int) returns setof t language sql stable as 'select * from t where x=$1';
create view vt as select id, x, y, s, n from t where y is not null;
create view vagg as select x, count(*) c, sum(y) sy, avg(n) an from t group by x;
create table rl(id int, owner text, v int);
insert into rl select i, 'x', i from generate_series(1,30) i;
analyze;
