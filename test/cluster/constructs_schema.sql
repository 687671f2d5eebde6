-- Tables for constructs.test.ts, in the shape of TPC-H's but a few rows each.
CREATE TABLE region (r_regionkey int PRIMARY KEY, r_name char(25), r_comment varchar(40));
INSERT INTO region SELECT g, (ARRAY['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'])[g + 1], 'r' || g FROM generate_series(0, 4) g;
CREATE TABLE nation (n_nationkey int PRIMARY KEY, n_name char(25), n_regionkey int, n_comment varchar(40));
INSERT INTO nation SELECT g, chr(65 + g) || 'LAND', g * 7 % 5, repeat('x', g % 9) FROM generate_series(0, 24) g;
CREATE TABLE customer (c_custkey int PRIMARY KEY, c_name varchar(25), c_nationkey int, c_acctbal numeric(15,2), c_mktsegment char(10));
INSERT INTO customer SELECT g, 'Customer#' || g, g * 11 % 25, (g * 7919 % 1100000 - 99999) / 100.0,
  (ARRAY['BUILDING', 'AUTO', 'MACHINERY'])[1 + g % 3] FROM generate_series(1, 600) g;
CREATE TABLE supplier (s_suppkey int PRIMARY KEY, s_name char(25), s_nationkey int, s_acctbal numeric(15,2));
INSERT INTO supplier SELECT g, 'Supplier#' || g, g * 3 % 23, (g * 104729 % 1100000 - 99999) / 100.0 FROM generate_series(1, 60) g;
CREATE TABLE orders (o_orderkey int PRIMARY KEY, o_custkey int, o_totalprice numeric(15,2), o_orderdate date, o_orderpriority char(15));
INSERT INTO orders SELECT g, 1 + g * 17 % 601, (g * 6151 % 50000000) / 100.0, date '1995-01-01' + g % 900,
  g % 5 || '-PRIORITY' FROM generate_series(1, 3000) g;
CREATE TABLE lineitem (l_orderkey int, l_linenumber int);
INSERT INTO lineitem SELECT o_orderkey, n FROM orders, generate_series(1, 1 + o_orderkey % 4) n;
ANALYZE region, nation, customer, supplier, orders, lineitem;
