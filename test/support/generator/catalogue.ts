// Expressions by kind as templates: {kind} stands for another expression of that kind, {kind!} for a constant, {kind@}
// for one that is the same wherever the template has it. A leading `~` marks those whose equal values may look
// different, `!` those that may fail. Next: expressions.ts.
import type { Kind } from "./tree.js";

/** Where another expression stands: a constant, one that is the same at all such places of a template, or any. */
export interface Hole {
  readonly kind: Kind;
  readonly filled: "constant" | "same" | "any";
}

export interface Template {
  readonly kind: Kind;
  /** Text and holes in turn. */
  readonly pieces: readonly (string | Hole)[];
  readonly exact: boolean;
  readonly fails: boolean;
}

/** Constants of each kind. */
export const constants: Readonly<Record<Kind, readonly string[]>> = {
  bool: ["true", "false", "NULL::bool"],
  int2: ["1::int2", "0::int2", "'-7'::int2", "NULL::int2"],
  int4: ["0", "1", "2", "7", "12", "100", "'-1'::int4", "NULL::int4"],
  int8: ["0::int8", "7::int8", "3000000000", "NULL::int8"],
  numeric: ["0.0", "1.00", "7", "0.05", "123.45", "NULL::numeric", "12.000"],
  float4: ["0.5::float4", "7::float4"],
  float8: ["1.5::float8", "0::float8", "7::float8", "NULL::float8"],
  text: ["'a'::text", "''::text", "'abc'::text", "'x'::text", "NULL::text", "'ž'::text"],
  ctext: [`'abc' COLLATE "C"`, `'ž' COLLATE "C"`, `'b' COLLATE "C"`],
  ltext: ["'abc' COLLATE gen_language", "'a b' COLLATE gen_language", "'Z' COLLATE gen_language"],
  varchar: ["'abc'::varchar", "'7'::varchar(3)"],
  bpchar: ["'ab'::char(4)", "'a'::char(2)"],
  date: ["date '2000-01-01'", "date '1999-12-31'", "NULL::date"],
  timestamp: ["timestamp '2000-01-01 12:00'", "timestamp '1995-06-17'"],
  timestamptz: ["timestamptz '2000-01-01 12:00+00'", "timestamptz '2024-03-31 02:30:00+02'"],
  time: ["time '12:00'", "time '23:59:59'"],
  interval: ["interval '1 day'", "interval '1 month'", "interval '36 hours'"],
  uuid: ["'00000000-0000-0000-0000-000000000000'::uuid"],
  bytea: ["'\\x00'::bytea", "'\\xdead'::bytea"],
  oid: ["7::oid", "1259::oid"],
  mood: ["'ok'::gen_mood", "'sad'::gen_mood"],
  timetz: ["timetz '12:00+02'", "timetz '23:59:59-05'"],
  name: ["'abc'::name", "''::name"],
  ints: ["ARRAY[1, 2]", "'{}'::int4[]", "NULL::int4[]"],
  texts: ["ARRAY['a'::text, 'abc']", "'{}'::text[]"],
  jsonb: ["'{\"a\": 1}'::jsonb", "'7'::jsonb", "NULL::jsonb"],
};

const comparable: readonly Kind[] = [
  "int2", "int4", "int8", "numeric", "float4", "float8", "text", "ctext", "ltext", "varchar", "bpchar", "date",
  "timestamp", "timestamptz", "time", "interval", "uuid", "bytea", "oid", "mood", "timetz", "name",
  "ints", "texts", "jsonb",
];

/** A list that no comparison goes through one by one. */
const many = Array.from({ length: 300 }, (_, index) => (index * 7) % 911).join(", ");

const listed = `
bool: ({bool} AND {bool}) ; ({bool} OR {bool}) ; (NOT {bool}) ; ({bool} IS TRUE) ; ({bool} IS NOT FALSE)
bool: ({bool} IS UNKNOWN)
bool: ({text} LIKE 'a%') ; ({text} LIKE '%b_') ; ({text} ILIKE 'A%') ; ({ctext} LIKE 'a%')
bool: ({text} NOT LIKE '%o%') ; ({varchar} ~ '^[a-z]+$')
bool: ({bpchar} LIKE 'a%') ; ({text} LIKE 'x!%' ESCAPE '!') ; starts_with({text}, 'a')
bool: ({int4} BETWEEN {int4} AND {int4}) ; ({date} BETWEEN {date!} AND {date!})
bool: ({int4} IN (1, 7, 100)) ; ({text} IN ('a', 'abc', '')) ; ({numeric} IN (7, 12, 0.01))
bool: ({int2} NOT IN (1, 2)) ; ({date} IN ('2000-01-01', '1970-01-01'))
bool: ({int4} IN (1, NULL, 3)) ; ({int4} = ANY (ARRAY[1, 2, 3])) ; ({int8} > {int4}) ; ({numeric} > {int4})
bool: ({float8} < {int4}) ; ({int2} = {int4}) ; ({mood} IN ('ok', 'sad'))
bool: ({date} < {timestamp}) ; ({float8} = {float4}) ; ({text} = {varchar}) ; ({text} IS NOT DISTINCT FROM {text})
bool: ({int4} IS DISTINCT FROM {int4}) ; (({int4}, {int4}) = ({int4}, {int4}))
bool: (({int4}, {text}) < ({int4}, {text})) ; isfinite({date}) ; ({interval} > {interval!})
bool: (({date}, {date}) OVERLAPS ({date!}, {date!})) ; ({int4}::bool) ; bool({int4})
int2: abs({int2}) ; !({int2} + {int2}) ; !(- {int2}) ; ({int2} % 5::int2) ; !{int4}::int2
int4: length({text}) ; length({varchar}) ; octet_length({text}) ; position('b' in {text})
int4: strpos({text}, {text!}) ; ascii({text}) ; ({int4} % 10) ; ({int2} * 3) ; ({int2} + 100)
int4: !({date} - {date}) ; (CASE WHEN isfinite({date@}) THEN {date@} - date '2000-01-01' END)
int4: ({int2}::int4) ; !({int4} + {int4}) ; !({int4} * {int4}) ; !({int4} / {int4})
int4: !(- {int4}) ; !abs({int4}) ; ({int4} & 255) ; ({int4} | 1) ; (~ {int4}) ; ({int4} >> 2)
int4: !{numeric}::int4 ; !{float8}::int4 ; !{int8}::int4 ; length({bpchar}) ; !{text}::int4 ; ({bool}::int4)
int4: bit_length({text}) ; mod({int4}, 7) ; sign({int2})::int4
int8: {int4}::int8 ; ({int4}::int8 * 3) ; ({int4} + 5000000000) ; ({int8} % 100) ; !({int8} + {int8})
int8: !({int8} * 2::int8) ; !{numeric}::int8 ; char_length({text})::int8 ; ({int8} / 3) ; {oid}::int8
numeric: ~({numeric} + {numeric}) ; ~({numeric} * {numeric}) ; ~({numeric} - {numeric}) ; ~round({numeric}, 2)
numeric: ~{int4}::numeric ; ~({numeric} / 7) ; !~({numeric} / {numeric}) ; ~abs({numeric}) ; ~(- {numeric})
numeric: ~{int8}::numeric
numeric: !~{numeric}::numeric(14,3) ; ~extract(year FROM {date}) ; ~extract(month FROM {timestamp})
numeric: ~extract(dow FROM {date}) ; ~extract(epoch FROM {timestamp}) ; ~trunc({numeric}) ; ~ceil({numeric})
numeric: ~floor({numeric}) ; !~({numeric} % {numeric}) ; ~extract(hour FROM {timestamptz}) ; ~({numeric} * 0.5)
numeric: ~({numeric} * {int4}) ; ~extract(second FROM {time}) ; ~{float8}::numeric ; ~sign({numeric})
float4: ~{int2}::float4 ; ~({float4} + 1::float4) ; ~({float4} * 2::float4)
float8: ~({float8} + {float8}) ; ~({float8} * {float8}) ; ~{int4}::float8 ; ~{numeric}::float8 ; ~abs({float8})
float8: ~({float8} - {float4}) ; ~{float4}::float8 ; ~floor({float8}) ; ~round({float8}) ; !~({float8} / {float8})
float8: !~sqrt({float8}) ; ~date_part('day', {timestamp}) ; ~(- {float8}) ; ~({float8} / 4) ; ~trunc({float8})
text: upper({text}) ; lower({text}) ; ({text} || {text}) ; substr({text}, 2) ; substring({text}, 1, 2)
text: substring({text} from 2 for 3) ; trim({text}) ; ltrim({text}) ; rtrim({text}, 'c ')
text: replace({text}, 'b', 'xx') ; left({text}, 2) ; right({text}, 2) ; lpad({text}, 6, '*') ; rpad({text}, 3)
text: split_part({text}, ',', 1) ; concat({text}, {int4}, {text}) ; {int4}::text ; {numeric}::text ; {date}::text
text: {float8}::text ; {bool}::text ; initcap({text}) ; reverse({text}) ; repeat({text}, 2)
text: to_char({date}, 'YYYY-MM') ; to_char({numeric}, '999.9') ; {interval}::text ; md5({text}) ; {varchar}::text
text: {bpchar}::text ; ({bpchar} || '|') ; ({text} || {int4}) ; btrim({text}, 'ab')
text: translate({text}, 'ab', 'xy') ; concat_ws('-', {text}, {text}) ; {timestamp}::text ; {timestamptz}::text
text: {uuid}::text ; {mood}::text ; overlay({text} placing 'Z' from 1 for 1) ; to_char({timestamp}, 'HH24:MI')
text: format('%s-%s', {text}, {int4}) ; regexp_replace({text}, '[aeiou]', '', 'g') ; quote_literal({text})
text: chr(65 + ({int2} & 7::int2))
ctext: lower({ctext}) ; ({ctext} || {ctext}) ; substr({ctext}, 1, 2) ; upper({ctext})
varchar: {text}::varchar(5) ; {varchar}::varchar(3)
bpchar: {bpchar}::char(3) ; {text}::char(6)
date: ({date} + 1) ; ({date} - 30) ; {timestamp}::date ; ({date} + {int2}) ; make_date(2000, 1, 2)
date: {timestamptz}::date ; (date_trunc('month', {date}))::date
timestamp: {date}::timestamp ; date_trunc('month', {timestamp}) ; date_trunc('hour', {timestamp})
timestamp: ({timestamp} + {interval}) ; ({date} + {interval}) ; ({timestamp} - interval '1 day')
timestamp: ({timestamptz} AT TIME ZONE 'Europe/Prague') ; {timestamptz}::timestamp ; ({date} + {time})
timestamptz: date_trunc('day', {timestamptz}) ; ({timestamptz} + {interval}) ; {timestamp}::timestamptz
timestamptz: {date}::timestamptz ; ({timestamp} AT TIME ZONE 'UTC')
time: {timestamp}::time ; ({time} + {interval})
interval: !~({timestamp} - {timestamp}) ; ~(CASE WHEN isfinite({timestamp@}) THEN {timestamp@} - {timestamp!} END)
interval: ~({interval} + {interval}) ; ~({interval} * 2)
interval: !~age({timestamp}, {timestamp}) ; ~(CASE WHEN isfinite({timestamp@}) THEN age({timestamp@}) END)
interval:  ~(- {interval}) ; !~({timestamptz} - {timestamptz})
interval: ~make_interval(days => {int2}::int4) ; ~justify_days({interval}) ; ~({time} - {time})
interval: ~date_trunc('hour', {interval})
bytea: ({bytea} || {bytea}) ; {text}::bytea ; substr({bytea}, 1, 1) ; decode(md5({text}), 'hex')
oid: {int4}::oid
bool: (({int4}, {date}) IN ((1, date '2000-01-01'), ({int4}, {date}))) ; (ROW({int4}, {text}) IS NULL)
bool: (ROW({int4}, {text}) IS NOT NULL) ; (({text}, {int4}) >= ({text}, {int4}))
bool: (({int4}, {int2}) <> ({int4}, {int2}))
bool: (ROW({int4}, {text}) IS DISTINCT FROM ROW({int4}, {text})) ; ({int4} = ANY (ARRAY[{int4}, {int4}, 7]))
bool: ({int4} < ALL (ARRAY[{int4}, 100])) ; (ARRAY[{int4}, {int4}] = ARRAY[{int4}, {int4}])
bool: (ARRAY[{text}, {text}] @> ARRAY[{text}]) ; ({name} LIKE 'a%') ; ({mood} > 'sad') ; ({timetz} < {timetz!})
int4: (ARRAY[{int4}, {int4}, {int4}])[2] ; cardinality(ARRAY[{int4}, {int2}]) ; array_position(ARRAY[{int4}, 7], 7)
int4: length({name}::text) ; num_nulls({int4}, {text}, {date}) ; !width_bucket({float8}, 0, 100, 5)
text: (ARRAY[{text}, {text}])[1] ; ARRAY[{int4}, {int4}]::text ; ROW({int4}, {text})::text ; {timetz}::text
text: ({name}::text COLLATE "und-x-icu")
text: array_to_string(ARRAY[{text}, {int4}::text], '/') ; json_build_object('a', {int4})::text
text: jsonb_build_array({int4}, {bool})::text ; to_json({text})::text ; (to_jsonb({int4}) #>> '{}')
text: (SELECT x FROM (VALUES ({text})) AS v (x)) ; to_char({interval}, 'HH24:MI') ; {bytea}::text
timetz: {timestamptz}::timetz ; {time}::timetz ; ({timetz} AT TIME ZONE 'UTC')
time: {timetz}::time ; ({timestamptz} AT TIME ZONE 'UTC')::time
mood: (CASE WHEN {int4} > 3 THEN 'ok'::gen_mood ELSE {mood} END)
interval: ~({interval} / 2::float8) ; !~({date}::timestamp - {timestamp})
numeric: ~extract(epoch FROM {interval}) ; ~extract(timezone FROM {timetz}) ; ~power({numeric}, 2::numeric)
numeric: ~scale({numeric}) ; ~div({int4}::numeric, 7) ; ~extract(quarter FROM {date})
numeric: ~extract(timezone FROM {timestamptz}) ; ~extract(dow FROM {timestamptz}) ; ~({numeric} * 1e30)
numeric: ~({numeric} + 12345678901234567890123456789012345678901234567890.5) ; ~round({numeric}, -2)
numeric: ~extract(julian FROM {date}) ; ~extract(isoyear FROM {timestamp}) ; ~extract(minute FROM {timetz})
timestamptz: date_trunc('day', {timestamptz}, 'America/New_York') ; make_timestamptz(2024, 3, 31, 2, 30, 0)
timestamptz: date_trunc('week', {timestamptz}) ; ({timestamp} AT TIME ZONE 'Asia/Kolkata')
timestamptz: ({timestamptz} - {interval})
timestamp: ({timestamptz} AT TIME ZONE 'Australia/Lord_Howe') ; timezone('UTC', {timestamptz})
timestamp: date_bin('7 days', {timestamp}, timestamp '2000-01-01')
time: {timestamptz}::time ; ({time} - {interval})
timetz: ({timetz} + {interval}) ; ({timetz} AT TIME ZONE 'America/New_York')
text: to_char({timestamptz}, 'YYYY-MM-DD HH24:MI TZH:TZM') ; to_char({int4}, 'S999') ; to_char({float8}, '9.99EEEE')
bool: ({timestamptz} = {timestamp}) ; ({date} < {timestamptz})
bool: ({timestamp} <= {timestamptz!}) ; isfinite({timestamptz})
bool: ({mood} BETWEEN 'sad' AND {mood}) ; ({timetz} = {timetz}) ; ({bytea} < {bytea}) ; ({uuid} >= {uuid})
bool: ({text} COLLATE "C" < {text} COLLATE "C") ; ({text} < {text!} COLLATE "und-x-icu") ; ({bpchar} = {text})
float8: ~date_part('hour', {timestamptz}) ; ~date_part('epoch', {interval}) ; ~power({int2}::float8, 2)
ltext: lower({ltext}) ; ({ltext} || {ltext}) ; substr({ltext}, 2) ; replace({ltext}, 'b', 'B')
bool: ({ltext} LIKE 'a%') ; ({ltext} ILIKE '%B%') ; ({int4} = ANY ({ints})) ; ({int4} <> ALL ({ints}))
bool: ({ints} @> {ints}) ; ({ints} && {ints}) ; ({text} = ANY ({texts})) ; ({int4} > ANY ({ints}))
ints: ARRAY[{int4}, {int4}] ; ({ints} || {int4}) ; array_remove({ints}, {int4}) ; ~({ints})[1:2] ; ({ints} || {ints})
ints: array_replace({ints}, 7, {int4}) ; string_to_array('1,2,,7', ',', '')::int4[]
texts: ARRAY[{text}, {text}] ; ({texts} || {text}) ; string_to_array({text}, ' ') ; ~({texts})[2:] ; {ints}::text[]
int4: ({ints})[1] ; cardinality({ints}) ; array_length({texts}, 1) ; array_position({ints}, {int4})
int4: array_lower({ints}, 1)
text: {ints}::text ; array_to_string({texts}, ',', '*') ; ({texts})[1] ; ({ltext} COLLATE "und-x-icu")
int4: (CASE WHEN {int4@} BETWEEN 1 AND 1000 THEN 1000000 / {int4@} END)
int4: (CASE WHEN {text@} ~ '^[0-9]+$' AND length({text@}) < 5 THEN {text@}::int4 ELSE 0 END)
int4: (CASE WHEN {int4@} NOT BETWEEN -1000 AND 1000 THEN 0 ELSE {int4@} * {int4@} END)
int2: (CASE WHEN {int8@} BETWEEN -30000 AND 30000 THEN {int8@}::int2 END)
numeric: ~(CASE WHEN {numeric@} <> 0 THEN 7.0 / {numeric@} END) ; ~(7 / nullif({int2}, 0)::numeric)
float8: ~(CASE WHEN {float8@} >= 0 AND {float8@} < 1000 THEN sqrt({float8@}) END)
date: (CASE WHEN {int4@} BETWEEN -1000 AND 1000 THEN {date!} + {int4@} END)
bool: ({int4@} = 0 OR 100 / {int4@} > 3) ; (coalesce({int2@}, 0::int2) = 0 OR 7 % {int2@} = 1)
int2: !{int8}::int2 ; !{numeric}::int2 ; !{float4}::int2 ; !{float8}::int2 ; !{text}::int2 ; ({int2}::text)::int2
int4: {oid}::int4 ; !{float4}::int4 ; ({int4}::text)::int4 ; !({varchar})::int4 ; !({bpchar})::int4
int8: !{float8}::int8 ; !{float4}::int8 ; !{text}::int8 ; {int2}::int8 ; ({int8}::text)::int8
numeric: ~{float4}::numeric ; ~{int2}::numeric ; !~{text}::numeric ; ~({numeric}::text)::numeric
float4: !~{float8}::float4 ; !~{numeric}::float4 ; ~{int8}::float4 ; ~{int4}::float4 ; ~({float4}::text)::float4
float8: ~{int8}::float8 ; ~{int2}::float8 ; !~{text}::float8 ; ~({float8}::text)::float8
text: {int2}::text ; {int8}::text ; {float4}::text ; {time}::text ; {oid}::text ; {bool}::varchar(2)::text
varchar: {int4}::varchar ; {date}::varchar ; {mood}::varchar ; {name}::varchar(5) ; {bpchar}::varchar
bpchar: {int4}::char(5) ; {varchar}::char(4) ; {name}::char(3) ; ~{text}::bpchar ; {date}::char(7)
name: ({text}::name COLLATE "C") ; ({varchar}::name COLLATE "C") ; ({bpchar}::name COLLATE "C")
name: ({int4}::text::name COLLATE "C")
date: !{text}::date ; ({date}::text)::date ; !make_date({int4}, 1, 1)
timestamp: ({timestamp}::text)::timestamp ; {timestamp}::timestamp(0) ; !make_timestamp(2000, {int4}, 1, 0, 0, 0)
timestamptz: ({timestamptz}::text)::timestamptz ; ({date} + {timetz}) ; {timestamptz}::timestamptz(1)
time: {interval}::time ; ({time}::text)::time ; {time}::time(1) ; !{text}::time
timetz: ({timetz}::text)::timetz ; {timetz}::timetz(0)
interval: {time}::interval ; ~({interval}::text)::interval ; ~{interval}::interval(0) ; ~({interval}::interval hour)
uuid: ({uuid}::text)::uuid ; md5({text})::uuid ; !{text}::uuid
bytea: ({bytea}::text)::bytea ; convert_to({text}, 'UTF8') ; sha256({bytea})
oid: ({oid}::text)::oid ; !{int8}::oid ; {int2}::oid
mood: ({mood}::text)::gen_mood ; !{text}::gen_mood
bool: ({bool}::text)::bool ; !({text}::bool)
jsonb: ({jsonb} -> 'a') ; jsonb_build_object('k', {int4}, 'd', {date}) ; to_jsonb({text}) ; ({jsonb} || {jsonb})
jsonb: to_jsonb({ints}) ; ({jsonb}::text)::jsonb ; jsonb_build_array({bool}, {jsonb}) ; ~to_jsonb({numeric})
bool: ({jsonb} @> '{}') ; ({jsonb} ? 'a') ; ({int4} IN (${many})) ; ({int8} NOT IN (${many}))
text: ({jsonb} ->> 'a') ; ({jsonb} #>> '{}') ; jsonb_typeof({jsonb}) ; gen_first({text}) ; {jsonb}::text
int8: gen_double({int4})
int4: !({int4} % 50)::gen_small ; (CASE WHEN {int4@} < 100 THEN {int4@}::gen_small END)
`;

function parse(kind: Kind, text: string): Template {
  let rest = text.trim();
  const flags = /^[!~]*/.exec(rest)?.[0] ?? "";
  rest = rest.slice(flags.length);
  const pieces = rest.split(/(\{[a-z0-9]+[!@]?\})/).filter((piece) => piece !== "").map((piece) => {
    const hole = /^\{([a-z0-9]+)([!@]?)\}$/.exec(piece);
    if (hole === null) return piece;
    return { kind: hole[1] as Kind, filled: hole[2] === "!" ? "constant" : hole[2] === "@" ? "same" : "any" } as const;
  });
  return { kind, pieces, exact: !flags.includes("~"), fails: flags.includes("!") };
}

const anyKind = (kind: Kind): readonly string[] => [
  `${looseFlag(kind)}(CASE WHEN {bool} THEN {${kind}} ELSE {${kind}} END)`,
  `${looseFlag(kind)}(CASE WHEN {bool} THEN {${kind}} WHEN {bool} THEN {${kind}} END)`,
  `${looseFlag(kind)}coalesce({${kind}}, {${kind}})`,
  `${looseFlag(kind)}(CASE {int4} WHEN 1 THEN {${kind}} WHEN {int4} THEN {${kind}} END)`,
  `${looseFlag(kind)}nullif({${kind}}, {${kind}})`,
  ...(kind === "bool" ? [] : [
    `${looseFlag(kind)}greatest({${kind}}, {${kind}})`,
    `${looseFlag(kind)}least({${kind}}, {${kind}!})`,
  ]),
];

function looseFlag(kind: Kind): string {
  return ["numeric", "float4", "float8", "interval", "bpchar"].includes(kind) ? "~" : "";
}

const comparisons = comparable.flatMap((kind) => [
  ...["=", "<", ">=", "<>"].map((operator) => `({${kind}} ${operator} {${kind}})`),
  `({${kind}} = {${kind}!})`, `({${kind}} > {${kind}!})`, `({${kind}} IS NULL)`, `({${kind}} IS NOT NULL)`,
]);

/** Every template. */
export const templates: readonly Template[] = [
  ...listed.trim().split("\n").flatMap((line) => {
    const at = line.indexOf(":");
    return line.slice(at + 1).split(" ; ").map((text) => parse(line.slice(0, at) as Kind, text));
  }),
  ...comparisons.map((text) => parse("bool", text)),
  ...(Object.keys(constants) as Kind[]).flatMap((kind) => anyKind(kind).map((text) => parse(kind, text))),
];
