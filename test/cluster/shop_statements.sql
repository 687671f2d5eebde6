-- 1 people who return more than their shop's share
WITH back AS (SELECT r.person_id, s.shop_id, sum(r.amount) total FROM s_store_return r
  JOIN s_store_sale s ON s.ticket = r.ticket AND s.item_id = r.item_id GROUP BY r.person_id, s.shop_id)
SELECT p.last, b.total FROM back b JOIN s_person p ON p.person_id = b.person_id
WHERE b.total > (SELECT avg(total) * 1.2 FROM back x WHERE x.shop_id = b.shop_id) ORDER BY p.last, b.total LIMIT 50;
-- 2 weekly totals of two channels, one year against the next
WITH both_channels AS (SELECT day_id, price FROM s_web_sale UNION ALL SELECT day_id, price FROM s_mail_sale),
weekly AS (SELECT week, year, sum(CASE WHEN weekday = 0 THEN price END) sunday, sum(CASE WHEN weekday = 1 THEN price END) monday
  FROM both_channels JOIN s_day USING (day_id) GROUP BY week, year)
SELECT a.week, a.sunday, b.sunday, a.monday, b.monday FROM weekly a JOIN weekly b ON b.week = a.week + 52
WHERE a.year = 2019 AND b.year = 2020 ORDER BY a.week;
-- 3 brands by sales in a month
SELECT d.year, i.brand, sum(s.price) FROM s_day d, s_store_sale s, s_item i WHERE d.day_id = s.day_id AND s.item_id = i.item_id
  AND i.manager = 3 AND d.month = 11 GROUP BY d.year, i.brand ORDER BY d.year, 3 DESC, i.brand;
-- 4 growth by person in two channels
WITH total AS (SELECT person_id, year, 's' channel, sum(price - cost) gain FROM s_store_sale JOIN s_day USING (day_id) GROUP BY 1, 2
  UNION ALL SELECT person_id, year, 'w', sum(price - cost) FROM s_web_sale JOIN s_day USING (day_id) GROUP BY 1, 2)
SELECT a.person_id FROM total a JOIN total b ON a.person_id = b.person_id JOIN total c ON c.person_id = a.person_id
JOIN total d ON d.person_id = a.person_id WHERE a.channel = 's' AND b.channel = 's' AND c.channel = 'w' AND d.channel = 'w'
  AND a.year = 2019 AND b.year = 2020 AND c.year = 2019 AND d.year = 2020 AND a.gain > 0 AND c.gain > 0
  AND d.gain / c.gain > b.gain / a.gain ORDER BY 1;
-- 5 rollup over channels
SELECT channel, id, sum(sales), sum(back) FROM (
  SELECT 'store' channel, shop_id id, price sales, 0::numeric(7,2) back FROM s_store_sale
  UNION ALL SELECT 'web', site_id, price, 0::numeric(7,2) FROM s_web_sale
  UNION ALL SELECT 'web', 0, 0::numeric(7,2), amount FROM s_web_return) x GROUP BY ROLLUP (channel, id) ORDER BY 1, 2;
-- 6 items a fifth dearer than their category
SELECT pl.state, count(*) FROM s_place pl, s_person p, s_store_sale s, s_day d, s_item i WHERE pl.place_id = p.place_id
  AND p.person_id = s.person_id AND s.day_id = d.day_id AND s.item_id = i.item_id AND d.month = 1
  AND i.price > 1.2 * (SELECT avg(j.price) FROM s_item j WHERE j.category = i.category)
GROUP BY pl.state HAVING count(*) >= 2 ORDER BY 2, 1;
-- 7 averages without promotion
SELECT i.code, avg(s.quantity), avg(s.price), avg(s.discount) FROM s_store_sale s JOIN s_item i USING (item_id)
JOIN s_person p USING (person_id) WHERE p.gender = 'M' AND p.education = 'College' AND (s.promotion = 2 OR s.promotion IS NULL)
GROUP BY i.code ORDER BY i.code LIMIT 30;
-- 8 places by prefix, intersected
SELECT sh.name, sum(s.profit) FROM s_store_sale s JOIN s_shop sh USING (shop_id),
  (SELECT substr(zip, 1, 2) z FROM s_place WHERE zip IN ('00613', '01226', '03678', '04904')
   INTERSECT SELECT substr(zip, 1, 2) FROM s_place GROUP BY substr(zip, 1, 2) HAVING count(*) >= 1) v
WHERE substr(lpad(sh.floor::text, 5, '0'), 1, 2) = v.z GROUP BY sh.name ORDER BY sh.name;
-- 9 buckets by scalar subqueries
SELECT CASE WHEN (SELECT count(*) FROM s_store_sale WHERE quantity BETWEEN 1 AND 20) > 900
    THEN (SELECT avg(discount) FROM s_store_sale WHERE quantity BETWEEN 1 AND 20)
    ELSE (SELECT avg(profit) FROM s_store_sale WHERE quantity BETWEEN 1 AND 20) END low,
  CASE WHEN (SELECT count(*) FROM s_store_sale WHERE quantity BETWEEN 21 AND 40) > 9000
    THEN (SELECT avg(discount) FROM s_store_sale WHERE quantity BETWEEN 21 AND 40)
    ELSE (SELECT avg(profit) FROM s_store_sale WHERE quantity BETWEEN 21 AND 40) END high FROM s_shop WHERE shop_id = 1;
-- 10 people active in the shop and in one other channel
SELECT p.gender, p.education, count(*) FROM s_person p JOIN s_place USING (place_id)
WHERE EXISTS (SELECT 1 FROM s_store_sale s, s_day d WHERE s.person_id = p.person_id AND s.day_id = d.day_id AND d.year = 2020)
  AND (EXISTS (SELECT 1 FROM s_web_sale w, s_day d WHERE w.person_id = p.person_id AND w.day_id = d.day_id AND d.month < 4)
    OR EXISTS (SELECT 1 FROM s_mail_sale m, s_day d WHERE m.person_id = p.person_id AND m.day_id = d.day_id AND d.month < 3))
GROUP BY p.gender, p.education ORDER BY 1, 2;
-- 11 share of a class
SELECT i.code, i.class, sum(w.price) revenue, sum(w.price) * 100 / sum(sum(w.price)) OVER (PARTITION BY i.class) share
FROM s_web_sale w JOIN s_item i USING (item_id) WHERE i.category IN ('Books', 'Home') GROUP BY i.code, i.class ORDER BY 2, 1;
-- 12 conditions in alternatives
SELECT avg(s.quantity), avg(s.price), sum(s.cost) FROM s_store_sale s, s_person p, s_day d WHERE s.person_id = p.person_id
  AND s.day_id = d.day_id AND d.year = 2020 AND ((p.gender = 'M' AND p.education = 'College' AND s.price BETWEEN 50 AND 150)
  OR (p.gender = 'F' AND p.education = 'Primary' AND s.price BETWEEN 20 AND 90) OR (p.dependents = 3 AND s.price < 30));
-- 13 items sold in all three channels
WITH common AS (SELECT i.item_id FROM s_item i WHERE (i.brand, i.class) IN (
  SELECT brand, class FROM s_store_sale JOIN s_item USING (item_id) INTERSECT SELECT brand, class FROM s_web_sale JOIN s_item USING (item_id)
  INTERSECT SELECT brand, class FROM s_mail_sale JOIN s_item USING (item_id))),
mean AS (SELECT avg(quantity * price) m FROM (SELECT quantity, price FROM s_store_sale UNION ALL SELECT quantity, price FROM s_web_sale) x)
SELECT i.category, count(*), sum(s.quantity * s.price) FROM s_store_sale s JOIN s_item i USING (item_id)
WHERE s.item_id IN (SELECT item_id FROM common) GROUP BY i.category HAVING sum(s.quantity * s.price) > (SELECT m FROM mean) ORDER BY 1;
-- 14 sales by zip with odd conditions
SELECT pl.zip, sum(m.price) FROM s_mail_sale m, s_person p, s_place pl WHERE m.person_id = p.person_id AND p.place_id = pl.place_id
  AND (substr(pl.zip, 1, 2) IN ('00', '03', '12') OR pl.state IN ('TX', 'GA') OR m.price > 200) GROUP BY pl.zip ORDER BY pl.zip;
-- 15 orders shipped from several depots and not returned
SELECT count(DISTINCT w.order_no), sum(w.cost), sum(w.profit) FROM s_web_sale w WHERE EXISTS (
  SELECT 1 FROM s_web_sale v WHERE v.order_no = w.order_no AND v.depot <> w.depot)
  AND NOT EXISTS (SELECT 1 FROM s_web_return r WHERE r.order_no = w.order_no);
-- 16 deviations of quantities
SELECT i.code, count(s.quantity), avg(s.quantity), stddev_samp(s.quantity), stddev_samp(s.quantity) / avg(s.quantity)
FROM s_store_sale s JOIN s_item i USING (item_id) JOIN s_day d USING (day_id) WHERE d.quarter = 2 GROUP BY i.code ORDER BY i.code;
-- 17 rollup over places
SELECT pl.state, pl.city, avg(m.quantity::numeric(12,2)), avg(m.price) FROM s_mail_sale m JOIN s_person p USING (person_id)
JOIN s_place pl USING (place_id) WHERE p.birth_year > 1960 GROUP BY ROLLUP (pl.state, pl.city) ORDER BY 1, 2, 3;
-- 18 brand sales where shop and person differ in state
SELECT i.brand, sum(s.price) FROM s_store_sale s, s_item i, s_person p, s_place pl, s_shop sh WHERE s.item_id = i.item_id
  AND s.person_id = p.person_id AND p.place_id = pl.place_id AND s.shop_id = sh.shop_id AND pl.state <> sh.state
GROUP BY i.brand ORDER BY 2 DESC, 1;
-- 19 stock before and after a day
SELECT depot, code, sum(CASE WHEN d < date '2020-01-01' THEN on_hand ELSE 0 END) before,
  sum(CASE WHEN d >= date '2020-01-01' THEN on_hand ELSE 0 END) after FROM s_stock JOIN s_item USING (item_id) JOIN s_day USING (day_id)
WHERE s_item.price BETWEEN 1 AND 40 GROUP BY depot, code
HAVING sum(CASE WHEN d >= date '2020-01-01' THEN on_hand ELSE 0 END) > 0 ORDER BY 1, 2 LIMIT 60;
-- 20 mean stock on every level
SELECT category, class, avg(on_hand) q FROM s_stock JOIN s_item USING (item_id) GROUP BY ROLLUP (category, class) ORDER BY q, 1, 2;
-- 21 best people and frequent items
WITH frequent AS (SELECT item_id, count(*) c FROM s_store_sale JOIN s_day USING (day_id) WHERE year IN (2019, 2020) GROUP BY item_id HAVING count(*) > 40),
spent AS (SELECT person_id, sum(quantity * price) total FROM s_store_sale GROUP BY person_id),
best AS (SELECT person_id FROM spent WHERE total > (SELECT 0.9 * max(total) FROM spent))
SELECT sum(sales) FROM (SELECT quantity * price sales FROM s_mail_sale WHERE item_id IN (SELECT item_id FROM frequent)
    AND person_id IN (SELECT person_id FROM best)
  UNION ALL SELECT quantity * price FROM s_web_sale WHERE item_id IN (SELECT item_id FROM frequent) AND person_id IN (SELECT person_id FROM best)) x;
-- 22 paid for a color beyond the average
WITH paid AS (SELECT p.last, p.first, sh.name, i.color, sum(s.price) paid FROM s_store_sale s JOIN s_store_return r ON r.ticket = s.ticket
    AND r.item_id = s.item_id JOIN s_shop sh USING (shop_id) JOIN s_item i ON i.item_id = s.item_id JOIN s_person p ON p.person_id = s.person_id
  GROUP BY 1, 2, 3, 4)
SELECT last, first, name, sum(paid) FROM paid WHERE color = 'plum' GROUP BY last, first, name
HAVING sum(paid) > (SELECT 0.01 * avg(paid) FROM paid) ORDER BY 1, 2, 3;
-- 23 sold, returned and bought again by mail
SELECT i.code, sh.name, max(s.profit), max(r.amount), max(m.profit) FROM s_store_sale s, s_store_return r, s_mail_sale m, s_item i, s_shop sh
WHERE s.ticket = r.ticket AND s.item_id = r.item_id AND r.person_id = m.person_id AND r.item_id = m.item_id AND i.item_id = s.item_id
  AND sh.shop_id = s.shop_id GROUP BY i.code, sh.name ORDER BY 1, 2;
-- 24 averages on a rollup with grouping
SELECT i.code, sh.state, grouping(sh.state), avg(s.quantity), avg(s.price) FROM s_store_sale s JOIN s_item i USING (item_id)
JOIN s_shop sh USING (shop_id) WHERE i.manager < 4 GROUP BY ROLLUP (i.code, sh.state) ORDER BY 1, 2, 3;
-- 25 six buckets side by side
SELECT * FROM (SELECT avg(price) a1, count(price) c1, count(DISTINCT price) d1 FROM s_store_sale WHERE quantity BETWEEN 0 AND 5) b1,
  (SELECT avg(price) a2, count(price) c2, count(DISTINCT price) d2 FROM s_store_sale WHERE quantity BETWEEN 6 AND 10) b2,
  (SELECT avg(price) a3, count(price) c3, count(DISTINCT price) d3 FROM s_store_sale WHERE quantity BETWEEN 11 AND 15) b3;
-- 26 returns above the place's mean
WITH total AS (SELECT r.person_id, pl.state, sum(r.amount) back FROM s_web_return r JOIN s_person p USING (person_id)
  JOIN s_place pl USING (place_id) GROUP BY 1, 2)
SELECT p.last, t.back FROM total t JOIN s_person p USING (person_id)
WHERE t.back > (SELECT avg(back) * 1.2 FROM total u WHERE u.state = t.state) ORDER BY 1, 2;
-- 27 quarter over quarter in two channels
WITH ss AS (SELECT county, quarter, year, sum(price) v FROM s_store_sale JOIN s_day USING (day_id) JOIN s_shop USING (shop_id) GROUP BY 1, 2, 3)
SELECT a.county, a.year, b.v / a.v r1, c.v / b.v r2 FROM ss a, ss b, ss c WHERE a.county = b.county AND b.county = c.county
  AND a.year = b.year AND b.year = c.year AND a.quarter = 1 AND b.quarter = 2 AND c.quarter = 3 ORDER BY 1, 2;
-- 28 excess discount
SELECT sum(s.discount) FROM s_store_sale s, s_item i WHERE i.item_id = s.item_id AND i.manager = 7
  AND s.discount > (SELECT 1.3 * avg(discount) FROM s_store_sale x WHERE x.item_id = i.item_id);
-- 29 one manager's items over three channels
WITH a AS (SELECT item_id, sum(price) t FROM s_store_sale WHERE item_id IN (SELECT item_id FROM s_item WHERE color = 'red') GROUP BY 1),
b AS (SELECT item_id, sum(price) t FROM s_mail_sale WHERE item_id IN (SELECT item_id FROM s_item WHERE color = 'red') GROUP BY 1),
c AS (SELECT item_id, sum(price) t FROM s_web_sale WHERE item_id IN (SELECT item_id FROM s_item WHERE color = 'red') GROUP BY 1)
SELECT item_id, sum(t) FROM (SELECT * FROM a UNION ALL SELECT * FROM b UNION ALL SELECT * FROM c) x GROUP BY item_id ORDER BY 2, 1;
-- 30 people with baskets of some size
SELECT p.last, p.first, n.ticket, n.c FROM (SELECT ticket, person_id, count(*) c FROM s_store_sale JOIN s_shop USING (shop_id)
  WHERE floor BETWEEN 110 AND 160 GROUP BY ticket, person_id) n JOIN s_person p USING (person_id) WHERE n.c BETWEEN 1 AND 2 ORDER BY 1, 2, 3;
-- 31 shares and rank of returns
SELECT * FROM (SELECT item_id, back, rank() OVER (ORDER BY back) r1, rank() OVER (ORDER BY qty DESC) r2 FROM (
  SELECT s.item_id, sum(coalesce(r.amount, 0)) back, sum(coalesce(r.quantity, 0)) qty FROM s_store_sale s LEFT JOIN s_store_return r
    ON s.ticket = r.ticket AND s.item_id = r.item_id GROUP BY s.item_id) x) y WHERE r1 <= 10 OR r2 <= 10 ORDER BY 1;
-- 32 rank within a parent on a rollup
SELECT category, class, grouping(category) + grouping(class) lochierarchy, sum(profit) / sum(s.price) margin,
  rank() OVER (PARTITION BY grouping(category) + grouping(class), CASE WHEN grouping(class) = 0 THEN category END ORDER BY sum(profit) / sum(s.price)) r
FROM s_store_sale s JOIN s_item USING (item_id) GROUP BY ROLLUP (category, class) ORDER BY 3 DESC, 1, 5, 2;
-- 33 items with stock, sold by mail
SELECT i.code, i.price FROM s_item i WHERE i.price BETWEEN 10 AND 60 AND EXISTS (SELECT 1 FROM s_stock k WHERE k.item_id = i.item_id
  AND k.on_hand BETWEEN 100 AND 500) AND i.item_id IN (SELECT item_id FROM s_mail_sale) ORDER BY 1;
-- 34 people in all of three channels
SELECT count(*) FROM (SELECT DISTINCT last, first, d FROM s_store_sale JOIN s_day USING (day_id) JOIN s_person USING (person_id)
  INTERSECT SELECT DISTINCT last, first, d FROM s_mail_sale JOIN s_day USING (day_id) JOIN s_person USING (person_id)) x;
-- 35 people in the shop but not on the web
SELECT count(*) FROM (SELECT DISTINCT last, first FROM s_store_sale JOIN s_person USING (person_id) WHERE quantity > 50
  EXCEPT SELECT DISTINCT last, first FROM s_web_sale JOIN s_person USING (person_id)
  EXCEPT SELECT DISTINCT last, first FROM s_mail_sale JOIN s_person USING (person_id) WHERE price > 100) x;
-- 36 variation of stock in two months
WITH v AS (SELECT depot, item_id, month, stddev_samp(on_hand) sd, avg(on_hand) mean FROM s_stock JOIN s_day USING (day_id)
  WHERE year = 2019 GROUP BY 1, 2, 3)
SELECT a.depot, a.item_id, a.mean, b.mean, a.sd / nullif(a.mean, 0) FROM v a JOIN v b ON a.item_id = b.item_id AND a.depot = b.depot
WHERE a.month = 1 AND b.month = 2 ORDER BY 1, 2;
-- 37 sales by depot before and after
SELECT depot, sum(CASE WHEN d < '2020-03-11' THEN price - coalesce(amount, 0) ELSE 0 END), sum(CASE WHEN d >= '2020-03-11' THEN price - coalesce(amount, 0) ELSE 0 END)
FROM s_web_sale w LEFT JOIN s_web_return r ON r.order_no = w.order_no AND r.item_id = w.item_id JOIN s_day ON s_day.day_id = w.day_id
WHERE d BETWEEN date '2020-03-11' - 30 AND date '2020-03-11' + 30 GROUP BY depot ORDER BY 1;
-- 38 names of a manufacturer with color and size variants
SELECT DISTINCT i.name FROM s_item i WHERE i.manager BETWEEN 3 AND 9 AND (SELECT count(*) FROM s_item j WHERE j.manager = i.manager
  AND ((j.category = 'Books' AND j.color IN ('red', 'navy')) OR (j.category <> 'Books' AND j.color <> 'plum'))) > 0 ORDER BY 1;
-- 39 months and categories
SELECT d.year, i.category, sum(s.price) FROM s_day d JOIN s_store_sale s USING (day_id) JOIN s_item i USING (item_id)
WHERE d.month = 12 AND d.year = 2020 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2;
-- 40 sales by weekday
SELECT sh.name, sum(CASE WHEN weekday = 0 THEN price END) sun, sum(CASE WHEN weekday = 1 THEN price END) mon,
  sum(CASE WHEN weekday = 2 THEN price END) tue, sum(CASE WHEN weekday = 6 THEN price END) sat
FROM s_store_sale JOIN s_day USING (day_id) JOIN s_shop sh USING (shop_id) GROUP BY sh.name ORDER BY 1;
-- 41 best and worst by average profit
SELECT a.rnk, i1.code best, i2.code worst FROM
  (SELECT item_id, rank() OVER (ORDER BY p DESC) rnk FROM (SELECT item_id, avg(profit) p FROM s_store_sale WHERE shop_id = 4 GROUP BY item_id
    HAVING avg(profit) > 0.1 * (SELECT avg(profit) FROM s_store_sale WHERE shop_id = 4)) x) a
JOIN (SELECT item_id, rank() OVER (ORDER BY p) rnk FROM (SELECT item_id, avg(profit) p FROM s_store_sale WHERE shop_id = 4 GROUP BY item_id) x) b
  ON a.rnk = b.rnk JOIN s_item i1 ON i1.item_id = a.item_id JOIN s_item i2 ON i2.item_id = b.item_id WHERE a.rnk < 8 ORDER BY 1, 2, 3;
-- 42 sales by place of a person or a list of items
SELECT pl.zip, pl.city, sum(w.price) FROM s_web_sale w JOIN s_person p USING (person_id) JOIN s_place pl USING (place_id)
JOIN s_item i USING (item_id) WHERE substr(pl.zip, 1, 1) IN ('1', '2') OR i.item_id IN (SELECT item_id FROM s_item WHERE item_id IN (2, 3, 5, 7, 11, 13))
GROUP BY 1, 2 ORDER BY 1, 2;
-- 43 tickets bought away from home
SELECT p.last, p.first, pl.city home, b.city bought, b.ticket, b.amount FROM (SELECT s.ticket, s.person_id, pl.city, sum(s.profit) amount
    FROM s_store_sale s JOIN s_person q USING (person_id) JOIN s_place pl ON pl.place_id = 1 + s.shop_id GROUP BY 1, 2, 3) b
JOIN s_person p USING (person_id) JOIN s_place pl USING (place_id) WHERE pl.city <> b.city AND b.amount > 50 ORDER BY 1, 2, 5, 4 LIMIT 40;
-- 44 month, month before, month after
WITH v AS (SELECT i.category, d.year, d.month, sum(s.price) total, avg(sum(s.price)) OVER (PARTITION BY i.category, d.year) mean,
    rank() OVER (PARTITION BY i.category ORDER BY d.year, d.month) rn FROM s_item i JOIN s_store_sale s USING (item_id) JOIN s_day d USING (day_id)
  WHERE d.year IN (2019, 2020) GROUP BY 1, 2, 3)
SELECT v.category, v.year, v.month, v.total, p.total psum, n.total nsum FROM v JOIN v p ON p.category = v.category AND v.rn = p.rn + 1
JOIN v n ON n.category = v.category AND v.rn = n.rn - 1 WHERE v.year = 2020 AND abs(v.total - v.mean) / v.mean > 0.1 ORDER BY 1, 2, 3;
-- 45 sums under alternatives
SELECT sum(s.quantity) FROM s_store_sale s JOIN s_person p USING (person_id) JOIN s_place pl USING (place_id) JOIN s_day USING (day_id)
WHERE year = 2020 AND ((p.gender = 'M' AND s.price BETWEEN 100 AND 150) OR (p.gender = 'F' AND s.price BETWEEN 50 AND 100))
  AND ((pl.state IN ('GA', 'TX') AND s.profit BETWEEN 0 AND 2000) OR (pl.state = 'AL' AND s.profit > 50));
-- 46 return ratios by channel with ranks
SELECT channel, item_id, ratio, r FROM (SELECT 'web' channel, item_id, ratio, rank() OVER (ORDER BY ratio) r FROM (
    SELECT w.item_id, sum(coalesce(b.quantity, 0))::numeric(15,4) / sum(w.quantity)::numeric(15,4) ratio FROM s_web_sale w
    LEFT JOIN s_web_return b ON w.order_no = b.order_no AND w.item_id = b.item_id GROUP BY w.item_id) x
  UNION SELECT 'store', item_id, ratio, rank() OVER (ORDER BY ratio) FROM (
    SELECT s.item_id, sum(coalesce(b.quantity, 0))::numeric(15,4) / sum(s.quantity)::numeric(15,4) ratio FROM s_store_sale s
    LEFT JOIN s_store_return b ON s.ticket = b.ticket AND s.item_id = b.item_id GROUP BY s.item_id) x) y WHERE r <= 10 ORDER BY 1, 4, 2;
-- 47 days until return
SELECT sh.name, sum(CASE WHEN r.day_id - s.day_id <= 9 THEN 1 ELSE 0 END) soon, sum(CASE WHEN r.day_id - s.day_id > 9 THEN 1 ELSE 0 END) late
FROM s_store_sale s JOIN s_store_return r ON s.ticket = r.ticket AND s.item_id = r.item_id AND s.person_id = r.person_id
JOIN s_shop sh USING (shop_id) GROUP BY sh.name ORDER BY 1;
-- 48 cumulative sales of two channels
WITH w AS (SELECT item_id, d, sum(sum(price)) OVER (PARTITION BY item_id ORDER BY d ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) cume
    FROM s_web_sale JOIN s_day USING (day_id) WHERE month < 3 GROUP BY item_id, d),
s AS (SELECT item_id, d, sum(sum(price)) OVER (PARTITION BY item_id ORDER BY d ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) cume
    FROM s_store_sale JOIN s_day USING (day_id) WHERE month < 3 GROUP BY item_id, d)
SELECT * FROM (SELECT coalesce(w.item_id, s.item_id) item, coalesce(w.d, s.d) d, w.cume wc, s.cume sc,
    max(w.cume) OVER (PARTITION BY coalesce(w.item_id, s.item_id) ORDER BY coalesce(w.d, s.d) ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) wm
  FROM w FULL JOIN s ON w.item_id = s.item_id AND w.d = s.d) x WHERE wm > sc ORDER BY 1, 2;
-- 49 brands by year and month
SELECT year, brand, sum(s.price) FROM s_day JOIN s_store_sale s USING (day_id) JOIN s_item USING (item_id) WHERE manager = 1 AND month = 11
GROUP BY year, brand ORDER BY 1, 3 DESC, 2;
-- 50 quarterly means against the year's
SELECT * FROM (SELECT i.manager, d.quarter, sum(s.price) total, avg(sum(s.price)) OVER (PARTITION BY i.manager) mean FROM s_item i
  JOIN s_store_sale s USING (item_id) JOIN s_day d USING (day_id) WHERE d.year = 2020 AND i.class IN ('class 1', 'class 2') GROUP BY 1, 2) x
WHERE CASE WHEN mean > 0 THEN abs(total - mean) / mean ELSE NULL END > 0.1 ORDER BY 1, 2;
-- 51 spending segments
WITH mine AS (SELECT DISTINCT person_id FROM (SELECT person_id, item_id FROM s_mail_sale UNION ALL SELECT person_id, item_id FROM s_web_sale) x
    JOIN s_item USING (item_id) WHERE category = 'Music'),
revenue AS (SELECT person_id, sum(price) r FROM mine JOIN s_store_sale USING (person_id) GROUP BY person_id),
segment AS (SELECT (r / 50)::int seg FROM revenue)
SELECT seg, count(*), seg * 50 FROM segment GROUP BY seg ORDER BY 1, 2;
-- 52 a manager's brands
SELECT brand, sum(price) FROM s_item NATURAL JOIN (SELECT item_id, price AS sold FROM s_store_sale) s GROUP BY brand ORDER BY 2 DESC, 1;
-- 53 a color over channels
SELECT item_id, count(*), sum(total) FROM (SELECT item_id, sum(price) total FROM s_store_sale GROUP BY 1
  UNION ALL SELECT item_id, sum(price) FROM s_web_sale GROUP BY 1 UNION ALL SELECT item_id, sum(price) FROM s_mail_sale GROUP BY 1) x
WHERE item_id IN (SELECT item_id FROM s_item WHERE color IN ('blue', 'navy')) GROUP BY item_id ORDER BY 3, 1;
-- 54 monthly against the mean of neighbours
WITH v AS (SELECT s.site_id, d.month, sum(s.price) t, lag(sum(s.price)) OVER w before, lead(sum(s.price)) OVER w after
  FROM s_web_sale s JOIN s_day d USING (day_id) WHERE d.year = 2020 GROUP BY 1, 2 WINDOW w AS (PARTITION BY s.site_id ORDER BY d.month))
SELECT * FROM v WHERE t > (before + after) / 2 ORDER BY 1, 2;
-- 55 sold alike in all channels
WITH s AS (SELECT code, sum(s_store_sale.price) r FROM s_store_sale JOIN s_item USING (item_id) GROUP BY code),
w AS (SELECT code, sum(s_web_sale.price) r FROM s_web_sale JOIN s_item USING (item_id) GROUP BY code)
SELECT s.code, s.r, w.r, (s.r + w.r) / 2 FROM s JOIN w USING (code) WHERE s.r BETWEEN 0.5 * w.r AND 9 * w.r ORDER BY 1;
-- 56 weekly sales with a ratio to the next year
WITH wss AS (SELECT week, shop_id, sum(CASE WHEN weekday = 3 THEN price END) wed, sum(CASE WHEN weekday = 5 THEN price END) fri
  FROM s_store_sale JOIN s_day USING (day_id) GROUP BY 1, 2)
SELECT a.shop_id, a.week, a.wed / nullif(b.wed, 0), a.fri / nullif(b.fri, 0) FROM wss a JOIN wss b ON a.shop_id = b.shop_id AND a.week = b.week - 52
WHERE a.week < 20 ORDER BY 1, 2;
-- 57 promotional share of sales
SELECT promo, total, promo / total * 100 FROM (SELECT sum(price) promo FROM s_store_sale WHERE promotion = 1) a, (SELECT sum(price) total FROM s_store_sale) b;
-- 58 delays of shipping
SELECT depot, count(CASE WHEN ship_day - day_id <= 30 THEN 1 END), count(CASE WHEN ship_day - day_id > 30 AND ship_day - day_id <= 60 THEN 1 END),
  count(*) FILTER (WHERE ship_day - day_id > 60) FROM s_web_sale GROUP BY depot ORDER BY 1;
-- 59 manager's sales against the mean
SELECT * FROM (SELECT manager, month, sum(s.price) total, avg(sum(s.price)) OVER (PARTITION BY manager) mean FROM s_item i JOIN s_store_sale s
  ON s.item_id = i.item_id JOIN s_day d ON d.day_id = s.day_id GROUP BY 1, 2) x WHERE total > 1.01 * mean ORDER BY 1, 2;
-- 60 items returned much, sold in two years
WITH ui AS (SELECT m.item_id, sum(m.price) sale, sum(r.amount) back FROM s_mail_sale m JOIN s_mail_return r ON m.item_id = r.item_id
    AND m.order_no = r.order_no GROUP BY 1 HAVING sum(m.price) > 2 * sum(r.amount)),
sales AS (SELECT i.code, sh.name, d.year, count(*) n, sum(s.price) t FROM s_store_sale s JOIN ui USING (item_id) JOIN s_item i USING (item_id)
    JOIN s_shop sh USING (shop_id) JOIN s_day d USING (day_id) GROUP BY 1, 2, 3)
SELECT a.code, a.name, a.t, b.t FROM sales a JOIN sales b USING (code, name) WHERE a.year = 2019 AND b.year = 2020 AND b.n <= a.n ORDER BY 1, 2;
-- 61 poor sellers of a shop
SELECT sh.name, i.code, x.revenue FROM s_shop sh, s_item i, (SELECT shop_id, avg(revenue) ave FROM (SELECT shop_id, item_id, sum(price) revenue
    FROM s_store_sale GROUP BY 1, 2) y GROUP BY shop_id) z, (SELECT shop_id, item_id, sum(price) revenue FROM s_store_sale GROUP BY 1, 2) x
WHERE z.shop_id = x.shop_id AND x.revenue <= 0.9 * z.ave AND sh.shop_id = x.shop_id AND i.item_id = x.item_id ORDER BY 1, 2;
-- 62 pivot over months in two channels
SELECT depot, y, sum(jan), sum(feb), sum(mar) FROM (SELECT depot, year y, sum(CASE WHEN month = 1 THEN price * quantity ELSE 0 END) jan,
    sum(CASE WHEN month = 2 THEN price * quantity ELSE 0 END) feb, sum(CASE WHEN month = 3 THEN price * quantity ELSE 0 END) mar
  FROM s_web_sale JOIN s_day USING (day_id) GROUP BY 1, 2
  UNION ALL SELECT call_id, year, sum(CASE WHEN month = 1 THEN price * quantity ELSE 0 END), sum(CASE WHEN month = 2 THEN price * quantity ELSE 0 END),
    sum(CASE WHEN month = 3 THEN price * quantity ELSE 0 END) FROM s_mail_sale JOIN s_day USING (day_id) GROUP BY 1, 2) x GROUP BY depot, y ORDER BY 1, 2;
-- 63 top items on a deep rollup
SELECT * FROM (SELECT category, class, brand, year, quarter, t, rank() OVER (PARTITION BY category ORDER BY t DESC) rk FROM (
  SELECT category, class, brand, year, quarter, sum(coalesce(s.price * quantity, 0)) t FROM s_store_sale s JOIN s_item USING (item_id)
  JOIN s_day USING (day_id) GROUP BY ROLLUP (category, class, brand, year, quarter)) a) b WHERE rk <= 5 ORDER BY 1, 2, 3, 4, 5, 6, 7;
-- 64 baskets away from home with sums
SELECT p.last, b.ticket, b.extended, b.list FROM (SELECT ticket, person_id, sum(price) extended, sum(cost) list FROM s_store_sale
  JOIN s_day USING (day_id) WHERE weekday IN (0, 6) GROUP BY 1, 2) b JOIN s_person p USING (person_id) ORDER BY 1, 2, 3 LIMIT 30;
-- 65 in the shop, not elsewhere
SELECT p.gender, p.education, count(*), avg(p.dependents), max(p.dependents), sum(p.dependents) FROM s_person p WHERE EXISTS (
  SELECT 1 FROM s_store_sale s WHERE s.person_id = p.person_id AND s.quantity > 60) AND NOT EXISTS (SELECT 1 FROM s_web_sale w
  WHERE w.person_id = p.person_id AND w.quantity > 50) AND NOT EXISTS (SELECT 1 FROM s_mail_sale m WHERE m.person_id = p.person_id AND m.quantity > 38)
GROUP BY p.gender, p.education ORDER BY 1, 2;
-- 66 states by profit, ranked in a subquery
SELECT sum(profit), state, county, grouping(state) + grouping(county) g, rank() OVER (PARTITION BY grouping(state) + grouping(county),
  CASE WHEN grouping(county) = 0 THEN state END ORDER BY sum(profit) DESC) r FROM s_store_sale JOIN s_shop USING (shop_id)
WHERE state IN (SELECT state FROM (SELECT state, rank() OVER (ORDER BY sum(profit) DESC) rk FROM s_store_sale JOIN s_shop USING (shop_id) GROUP BY state) t
  WHERE rk <= 2) GROUP BY ROLLUP (state, county) ORDER BY 4 DESC, 2, 3;
-- 67 sales by hour of another clock
SELECT i.brand, x.weekday, sum(x.price) FROM s_item i JOIN (SELECT price, item_id, weekday FROM s_web_sale JOIN s_day USING (day_id) WHERE month = 11
  UNION ALL SELECT price, item_id, weekday FROM s_mail_sale JOIN s_day USING (day_id) WHERE month = 11) x USING (item_id)
WHERE i.manager = 1 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2;
-- 68 promoted and unpromoted with missing stock
SELECT i.code, k.depot, s.week, sum(CASE WHEN m.promotion IS NULL THEN 1 ELSE 0 END) no, count(*) FROM s_store_sale m
JOIN s_stock k ON k.item_id = m.item_id JOIN s_day s ON s.day_id = m.day_id JOIN s_day t ON t.day_id = k.day_id AND t.week = s.week
JOIN s_item i ON i.item_id = m.item_id WHERE k.on_hand < m.quantity * 3 GROUP BY 1, 2, 3 ORDER BY 5 DESC, 1, 2, 3 LIMIT 40;
-- 69 tickets by size for some counties
SELECT p.last, p.first, t.ticket, t.c FROM (SELECT ticket, person_id, count(*) c FROM s_store_sale s JOIN s_shop sh USING (shop_id)
  WHERE sh.county IN ('county 1', 'county 3') GROUP BY 1, 2) t, s_person p WHERE t.person_id = p.person_id AND c BETWEEN 1 AND 5
ORDER BY c DESC, last, first, ticket LIMIT 60;
-- 70 year over year by person and channel, deviations
WITH t AS (SELECT person_id, year, 's' c, stddev_samp(price) v FROM s_store_sale JOIN s_day USING (day_id) GROUP BY 1, 2
  UNION ALL SELECT person_id, year, 'w', stddev_samp(price) FROM s_web_sale JOIN s_day USING (day_id) GROUP BY 1, 2)
SELECT a.person_id, a.v, b.v FROM t a JOIN t b USING (person_id) WHERE a.c = 's' AND b.c = 'w' AND a.year = 2019 AND b.year = 2020 AND a.v > b.v ORDER BY 1;
-- 71 one year's fall against the last, deduplicated
WITH all_sales AS (SELECT year, category, class, quantity, price FROM s_store_sale s JOIN s_item i USING (item_id, price) JOIN s_day USING (day_id)
  UNION SELECT year, category, class, quantity, i.price FROM s_web_sale w JOIN s_item i USING (item_id) JOIN s_day USING (day_id))
SELECT p.year, q.year, p.category, sum(p.quantity) - sum(q.quantity) FROM all_sales p JOIN all_sales q ON p.category = q.category AND p.class = q.class
WHERE p.year = 2020 AND q.year = 2019 GROUP BY 1, 2, 3 HAVING sum(p.quantity) < sum(q.quantity) * 3 ORDER BY 3;
-- 72 facts without a key
SELECT channel, col, year, quarter, category, count(*), sum(price) FROM (
  SELECT 'store' channel, 'shop_id' col, year, quarter, category, s.price FROM s_store_sale s JOIN s_item USING (item_id) JOIN s_day USING (day_id) WHERE shop_id IS NULL
  UNION ALL SELECT 'web', 'person_id', year, quarter, category, w.price FROM s_web_sale w JOIN s_item USING (item_id) JOIN s_day USING (day_id) WHERE person_id IS NULL) x
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;
-- 73 sales and returns per channel, with a rollup
WITH ss AS (SELECT shop_id, sum(price) sales, sum(profit) profit FROM s_store_sale GROUP BY shop_id),
sr AS (SELECT 1 + ticket % 12 shop_id, sum(amount) back FROM s_store_return GROUP BY 1)
SELECT channel, id, sum(sales), sum(back), sum(profit) FROM (SELECT 'store' channel, ss.shop_id id, sales, coalesce(back, 0) back, profit FROM ss LEFT JOIN sr USING (shop_id)
  UNION ALL SELECT 'web', site_id, price, 0, profit FROM s_web_sale) x GROUP BY ROLLUP (channel, id) ORDER BY 1, 2, GROUPING(id);
-- 74 never returned, by person and item
WITH s AS (SELECT year, s.item_id, s.person_id, sum(s.quantity) q FROM s_store_sale s JOIN s_day USING (day_id) LEFT JOIN s_store_return r
    ON r.ticket = s.ticket AND s.item_id = r.item_id WHERE r.ticket IS NULL GROUP BY 1, 2, 3)
SELECT item_id, sum(q), round(sum(q)::numeric / count(*), 2) FROM s WHERE year = 2020 GROUP BY item_id ORDER BY 1;
-- 75 tickets on Mondays
SELECT p.last, p.first, substr(b.name, 1, 6), b.ticket, b.amt FROM (SELECT ticket, person_id, sh.name, sum(s.discount) amt FROM s_store_sale s
  JOIN s_shop sh USING (shop_id) JOIN s_day USING (day_id) WHERE weekday = 1 GROUP BY 1, 2, 3) b JOIN s_person p USING (person_id)
ORDER BY 1, 2, 3, 4, 5 LIMIT 50;
-- 76 three channels' reports as one rollup with identifiers
SELECT channel, id, sum(sales), sum(profit) FROM (
  SELECT 'store' channel, 'store' || sh.name id, sum(s.price) sales, sum(s.profit) profit FROM s_store_sale s JOIN s_shop sh USING (shop_id) GROUP BY sh.name
  UNION ALL SELECT 'web', 'site' || site_id, sum(price), sum(profit) FROM s_web_sale GROUP BY site_id) x GROUP BY ROLLUP (channel, id) ORDER BY 1, 2, GROUPING(id);
-- 77 returns beyond the state's mean, with the whole address
WITH t AS (SELECT r.person_id, pl.state, sum(amount) back FROM s_mail_return r JOIN s_person p USING (person_id) JOIN s_place pl USING (place_id) GROUP BY 1, 2)
SELECT p.*, t.back FROM t JOIN s_person p USING (person_id) WHERE t.back > 1.1 * (SELECT avg(u.back) FROM t u WHERE u.state = t.state) ORDER BY p.person_id;
-- 78 items with prices and stock, distinct
SELECT DISTINCT i.code, i.name, i.price FROM s_item i, s_stock k, s_store_sale s WHERE i.price BETWEEN 20 AND 50 AND k.item_id = i.item_id
  AND s.item_id = i.item_id AND k.on_hand BETWEEN 300 AND 500 AND k.day_id < 100 ORDER BY 1;
-- 79 returns of some weeks in three channels
WITH a AS (SELECT code, sum(quantity) q FROM s_store_return JOIN s_item USING (item_id) JOIN s_day USING (day_id)
    WHERE d IN (SELECT d FROM s_day WHERE week IN (SELECT week FROM s_day WHERE d IN ('2019-06-30', '2019-09-27', '2020-03-17'))) GROUP BY code),
b AS (SELECT code, sum(quantity) q FROM s_web_return JOIN s_item USING (item_id) JOIN s_day USING (day_id)
    WHERE d IN (SELECT d FROM s_day WHERE week IN (SELECT week FROM s_day WHERE d IN ('2019-06-30', '2019-09-27', '2020-03-17'))) GROUP BY code)
SELECT a.code, a.q, b.q, (a.q + b.q) / 2.0 FROM a FULL JOIN b USING (code) ORDER BY 1, 2, 3;
-- 80 people of a city by income
SELECT p.mail AS id, coalesce(p.last, '') || ', ' || coalesce(p.first, '') AS whole FROM s_person p JOIN s_place USING (place_id)
JOIN s_store_return r ON r.person_id = p.person_id WHERE city = 'city 3' AND dependents BETWEEN 1 AND 4 ORDER BY 1, 2;
-- 81 reasons of returns
SELECT reason, avg(quantity), avg(amount) FROM s_store_return r JOIN s_person p USING (person_id) WHERE (p.education = 'College' AND amount BETWEEN 10 AND 60)
  OR (p.gender = 'F' AND amount > 30) GROUP BY reason ORDER BY 1;
-- 82 web sales ranked on a rollup
SELECT sum(w.price) total, category, class, grouping(category, class) g, rank() OVER (PARTITION BY grouping(category, class),
  CASE WHEN grouping(class) = 0 THEN category END ORDER BY sum(w.price) DESC) r FROM s_web_sale w JOIN s_item USING (item_id)
GROUP BY ROLLUP (category, class) ORDER BY 4 DESC, 2, 5, 3;
-- 83 hours of a day, side by side
SELECT * FROM (SELECT count(*) a FROM s_store_sale JOIN s_day USING (day_id) WHERE weekday = 0) x, (SELECT count(*) b FROM s_store_sale JOIN s_day USING (day_id) WHERE weekday = 1) y,
  (SELECT count(*) c FROM s_store_sale JOIN s_day USING (day_id) WHERE weekday = 2) z;
-- 84 classes below their mean
SELECT * FROM (SELECT i.category, i.class, sh.name, d.month, sum(s.price) t, avg(sum(s.price)) OVER (PARTITION BY i.category, sh.name) m FROM s_item i
  JOIN s_store_sale s USING (item_id) JOIN s_day d USING (day_id) JOIN s_shop sh USING (shop_id) WHERE d.year = 2019 GROUP BY 1, 2, 3, 4) x
WHERE m <> 0 AND abs(t - m) / m > 0.8 ORDER BY t - m, 1, 2, 3, 4 LIMIT 80;
-- 85 morning to evening
SELECT amc::numeric(15,4) / pmc::numeric(15,4) FROM (SELECT count(*) amc FROM s_web_sale WHERE day_id % 2 = 0) x, (SELECT count(*) pmc FROM s_web_sale WHERE day_id % 2 = 1) y;
-- 86 excess of web discounts
SELECT sum(w.price) FROM s_web_sale w JOIN s_item i USING (item_id) WHERE i.manager = 5 AND w.price > (SELECT 1.3 * avg(v.price) FROM s_web_sale v
  JOIN s_day d USING (day_id) WHERE v.item_id = i.item_id AND d.year = 2020);
-- 87 net of returns
SELECT person_id, sum(act) FROM (SELECT s.person_id, CASE WHEN r.quantity IS NOT NULL THEN (s.quantity - r.quantity) * s.price ELSE s.quantity * s.price END act
  FROM s_store_sale s LEFT JOIN s_store_return r ON r.item_id = s.item_id AND r.ticket = s.ticket) t GROUP BY person_id ORDER BY 2, 1 LIMIT 30;
-- 88 several orders, one depot
SELECT count(DISTINCT w.order_no), sum(w.price) FROM s_web_sale w WHERE w.order_no IN (SELECT a.order_no FROM s_web_sale a, s_web_sale b
  WHERE a.order_no = b.order_no AND a.depot <> b.depot) AND w.order_no IN (SELECT r.order_no FROM s_web_return r);
-- 89 within an hour of the day, counted
SELECT count(*) FROM s_store_sale s, s_day d, s_shop sh, s_person p WHERE s.day_id = d.day_id AND s.shop_id = sh.shop_id AND s.person_id = p.person_id
  AND d.weekday = 4 AND sh.name = 'shop 3' AND p.dependents = 5;
-- 90 bought in the shop, by mail, or both
WITH a AS (SELECT person_id, item_id FROM s_store_sale GROUP BY 1, 2), b AS (SELECT person_id, item_id FROM s_mail_sale GROUP BY 1, 2)
SELECT sum(CASE WHEN a.person_id IS NOT NULL AND b.person_id IS NULL THEN 1 ELSE 0 END), sum(CASE WHEN a.person_id IS NULL AND b.person_id IS NOT NULL THEN 1 ELSE 0 END),
  sum(CASE WHEN a.person_id IS NOT NULL AND b.person_id IS NOT NULL THEN 1 ELSE 0 END) FROM a FULL JOIN b ON a.person_id = b.person_id AND a.item_id = b.item_id;
-- 91 share of revenue by class
SELECT i.name, i.category, sum(s.price), sum(s.price) * 100 / sum(sum(s.price)) OVER (PARTITION BY i.class) FROM s_store_sale s, s_item i, s_day d
WHERE s.item_id = i.item_id AND s.day_id = d.day_id AND i.category IN ('Music', 'Garden') AND d.d BETWEEN '2019-02-22' AND date '2019-02-22' + 60
GROUP BY i.name, i.category, i.class ORDER BY 2, 1;
-- 92 shipping delays by depot and site
SELECT substr(depot::text, 1, 20), site_id, sum(CASE WHEN ship_day - day_id <= 30 THEN 1 ELSE 0 END), sum(CASE WHEN ship_day - day_id > 90 THEN 1 ELSE 0 END)
FROM s_web_sale GROUP BY substr(depot::text, 1, 20), site_id ORDER BY 1, 2;
-- 93 a calendar by recursion, with missing days
WITH RECURSIVE r (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n < 40)
SELECT r.n, count(s.ticket), coalesce(sum(s.price), 0) FROM r LEFT JOIN s_store_sale s ON s.day_id = r.n AND s.quantity > 50 GROUP BY r.n ORDER BY 1;
-- 94 the latest three sales of each shop
SELECT sh.name, x.ticket, x.price FROM s_shop sh CROSS JOIN LATERAL (SELECT ticket, price FROM s_store_sale s WHERE s.shop_id = sh.shop_id
  ORDER BY day_id DESC, ticket DESC, item_id LIMIT 3) x ORDER BY 1, 2, 3;
-- 95 cube with two groupings
SELECT state, gender, quarter, grouping(state, gender, quarter), count(*), sum(s.price) FROM s_store_sale s JOIN s_person p USING (person_id)
JOIN s_place USING (place_id) JOIN s_day USING (day_id) GROUP BY CUBE (state, gender), quarter ORDER BY 1, 2, 3, 4;
-- 96 grouping sets in a subquery, joined back
SELECT g.category, g.color, g.n, i.c FROM (SELECT category, color, count(*) n FROM s_item GROUP BY GROUPING SETS ((category), (color), ())) g
LEFT JOIN (SELECT category, count(*) c FROM s_item JOIN s_store_sale USING (item_id) GROUP BY category) i ON i.category = g.category ORDER BY 1, 2, 3;
-- 97 medians, modes and lists
SELECT i.category, percentile_cont(0.5) WITHIN GROUP (ORDER BY s.quantity), mode() WITHIN GROUP (ORDER BY s.promotion),
  string_agg(DISTINCT i.color, ',' ORDER BY i.color), count(DISTINCT s.person_id) FILTER (WHERE s.price > 100) FROM s_store_sale s JOIN s_item i USING (item_id)
GROUP BY i.category ORDER BY 1;
-- 98 scalar subqueries in the select list
SELECT sh.name, (SELECT count(*) FROM s_store_sale s WHERE s.shop_id = sh.shop_id) n, (SELECT max(price) FROM s_store_sale s WHERE s.shop_id = sh.shop_id) top,
  EXISTS (SELECT 1 FROM s_store_sale s WHERE s.shop_id = sh.shop_id AND s.price > 199) dear,
  sh.floor > ALL (SELECT floor FROM s_shop o WHERE o.state = sh.state AND o.shop_id <> sh.shop_id) widest FROM s_shop sh ORDER BY 1;
-- 99 running totals, every frame
SELECT year, month, t, sum(t) OVER w, avg(t) OVER (w ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), first_value(t) OVER (w GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW),
  ntile(4) OVER w, cume_dist() OVER w, nth_value(t, 2) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
FROM (SELECT year, month, sum(price) t FROM s_store_sale JOIN s_day USING (day_id) GROUP BY year, month) x WINDOW w AS (ORDER BY year, month) ORDER BY 1, 2;
