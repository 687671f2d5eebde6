-- A small shop with three ways of selling, for shop.test.ts: facts with NULLs and skew, dimensions, stock. The numbers
-- are made of the row's own number, so every run has the same ones.
CREATE TABLE s_day (day_id int PRIMARY KEY, d date NOT NULL, year int, quarter int, month int, week int, weekday int);
INSERT INTO s_day SELECT g, date '2019-01-01' + g, extract(year FROM date '2019-01-01' + g),
  extract(quarter FROM date '2019-01-01' + g), extract(month FROM date '2019-01-01' + g), g / 7,
  extract(dow FROM date '2019-01-01' + g) FROM generate_series(0, 1095) g;

CREATE TABLE s_item (item_id int PRIMARY KEY, code char(8) NOT NULL, name varchar(30), category varchar(12),
  class varchar(12), brand varchar(12), color varchar(10), price numeric(7,2), manager int);
INSERT INTO s_item SELECT g, 'I' || lpad(g::text, 5, '0'), 'thing ' || g, (ARRAY['Books', 'Music', 'Home', 'Garden'])[1 + g % 4],
  'class ' || g % 7, CASE WHEN g % 11 = 0 THEN NULL ELSE 'brand ' || g % 9 END,
  (ARRAY['red', 'blue', 'green', 'plum', 'navy'])[1 + g * 7 % 5], (g * 37 % 9000) / 100.0, g % 20
  FROM generate_series(1, 120) g;

CREATE TABLE s_shop (shop_id int PRIMARY KEY, name varchar(20), state char(2), county varchar(20), floor int, tax numeric(4,2));
INSERT INTO s_shop SELECT g, 'shop ' || g, (ARRAY['AL', 'TN', 'GA'])[1 + g % 3], 'county ' || g % 4, 100 + g * 13 % 90,
  (g % 8) / 100.0 FROM generate_series(1, 12) g;

CREATE TABLE s_place (place_id int PRIMARY KEY, city varchar(15), state char(2), zip varchar(5));
INSERT INTO s_place SELECT g, 'city ' || g % 17, (ARRAY['AL', 'TN', 'GA', 'TX', NULL])[1 + g % 5], lpad((g * 613 % 99999)::text, 5, '0')
  FROM generate_series(1, 80) g;

CREATE TABLE s_person (person_id int PRIMARY KEY, first varchar(12), last varchar(12), birth_year int, gender char(1),
  place_id int, education varchar(12), dependents int, mail varchar(30));
INSERT INTO s_person SELECT g, CASE WHEN g % 13 = 0 THEN NULL ELSE 'first' || g % 40 END, 'last' || g % 60, 1930 + g * 7 % 70,
  CASE g % 3 WHEN 0 THEN 'M' WHEN 1 THEN 'F' END, 1 + g % 85, (ARRAY['College', 'Primary', 'Unknown'])[1 + g % 3], g % 7,
  'p' || g || '@x.org' FROM generate_series(1, 400) g;

CREATE TABLE s_store_sale (day_id int, item_id int, shop_id int, person_id int, ticket int, quantity int,
  price numeric(7,2), cost numeric(7,2), discount numeric(7,2), profit numeric(7,2), promotion int);
INSERT INTO s_store_sale SELECT g * 31 % 1096, 1 + (g * 7 + g / 120) % 120, CASE WHEN g % 29 = 0 THEN NULL ELSE 1 + g % 12 END,
  CASE WHEN g % 23 = 0 THEN NULL ELSE 1 + g * 3 % 400 END, g / 3, 1 + g % 100, (g * 17 % 20000) / 100.0,
  (g * 13 % 9000) / 100.0, CASE WHEN g % 5 = 0 THEN NULL ELSE (g % 300) / 100.0 END, (g * 19 % 20000 - 9000) / 100.0, g % 6
  FROM generate_series(1, 6000) g;

CREATE TABLE s_web_sale (day_id int, item_id int, site_id int, person_id int, order_no int, quantity int,
  price numeric(7,2), cost numeric(7,2), profit numeric(7,2), ship_day int, depot int);
INSERT INTO s_web_sale SELECT g * 17 % 1096, 1 + g * 11 % 120, 1 + g % 5, CASE WHEN g % 19 = 0 THEN NULL ELSE 1 + g * 7 % 400 END,
  g / 2, 1 + g % 60, (g * 23 % 30000) / 100.0, (g * 7 % 8000) / 100.0, (g * 29 % 15000 - 7000) / 100.0,
  g * 17 % 1096 + g % 120, g % 4 FROM generate_series(1, 2500) g;

CREATE TABLE s_mail_sale (day_id int, item_id int, call_id int, person_id int, order_no int, quantity int,
  price numeric(7,2), cost numeric(7,2), profit numeric(7,2));
INSERT INTO s_mail_sale SELECT g * 13 % 1096, 1 + g * 5 % 120, 1 + g % 3, CASE WHEN g % 31 = 0 THEN NULL ELSE 1 + g * 11 % 400 END,
  g / 4, 1 + g % 40, (g * 41 % 25000) / 100.0, (g * 3 % 7000) / 100.0, (g * 43 % 12000 - 5000) / 100.0
  FROM generate_series(1, 3500) g;

CREATE TABLE s_store_return (day_id int, item_id int, person_id int, ticket int, quantity int, amount numeric(7,2), reason int);
INSERT INTO s_store_return SELECT (day_id + 3 + ticket % 13) % 1096, item_id, person_id, ticket, 1 + quantity / 3, price / 2, quantity % 5
  FROM s_store_sale WHERE ticket % 4 = 0;

CREATE TABLE s_web_return (day_id int, item_id int, person_id int, order_no int, quantity int, amount numeric(7,2));
INSERT INTO s_web_return SELECT (day_id + 5) % 1096, item_id, person_id, order_no, quantity, price / 3 FROM s_web_sale
  WHERE order_no % 5 = 1;

CREATE TABLE s_mail_return (day_id int, item_id int, person_id int, order_no int, amount numeric(7,2));
INSERT INTO s_mail_return SELECT (day_id + 7) % 1096, item_id, person_id, order_no, price / 4 FROM s_mail_sale WHERE order_no % 6 = 2;

CREATE TABLE s_stock (day_id int, item_id int, depot int, on_hand int);
INSERT INTO s_stock SELECT d * 7, i, i % 4, CASE WHEN (d + i) % 17 = 0 THEN NULL ELSE (d * i * 31) % 900 END
  FROM generate_series(0, 60) d, generate_series(1, 120, 2) i;
ANALYZE s_day, s_item, s_shop, s_place, s_person, s_store_sale, s_web_sale, s_mail_sale, s_store_return, s_web_return,
  s_mail_return, s_stock;
