/*
 * messages.cpp
 *    FlatBuffers behind the C ABI of messages.h; the only C++ file of the extension.
 *
 * It includes no PostgreSQL header, so no ereport can jump over a C++ frame, and no exception leaves it:
 * every entry point is noexcept and turns bad_alloc, or a failed FlatBuffers assertion, into "no message".
 */
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

/* A message beyond FlatBuffers' own limits must not abort a server process. */
struct FusionAssertion
{
};
#define FLATBUFFERS_ASSERT(condition) \
	do { \
		if (!(condition)) \
			throw FusionAssertion(); \
	} while (0)
#define FLATBUFFERS_ASSERT_INCLUDE <cstddef>

#include "execution_generated.h"
#include "planning_generated.h"
#include "scan_generated.h"

#include "messages.h"

namespace
{

namespace wire = pgfusion::control;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::Vector;

/* Most messages are small; a query tree of a few tables is 8 KB. */
constexpr size_t kInitialBytes = 1024;

/* Nested tables are at most request -> relation -> column deep; the rest is head-room. */
constexpr flatbuffers::uoffset_t kVerifierDepth = 16;
constexpr flatbuffers::uoffset_t kVerifierTables = 1000000;

template <typename Build>
FusionEncoded
encode(Build build) noexcept
{
	FusionEncoded result = {nullptr, 0};

	try
	{
		FlatBufferBuilder builder(kInitialBytes);

		builder.Finish(build(builder));
		auto *copy = static_cast<uint8_t *>(malloc(builder.GetSize()));

		if (copy != nullptr)
		{
			memcpy(copy, builder.GetBufferPointer(), builder.GetSize());
			result.data = copy;
			result.length = builder.GetSize();
		}
	}
	catch (const std::bad_alloc &)
	{
	}
	catch (const FusionAssertion &)
	{
	}
	return result;
}

/* Encodes `count` structs to a vector of tables, each made by `one`. */
template <typename Table, typename Fact, typename One>
Offset<Vector<Offset<Table>>>
encode_all(FlatBufferBuilder &builder, const Fact *facts, size_t count, One one)
{
	std::vector<Offset<Table>> offsets;

	offsets.reserve(count);
	for (size_t i = 0; i < count; i++)
		offsets.push_back(one(facts[i]));
	return builder.CreateVector(offsets);
}

template <typename Table>
const Table *
verified(const uint8_t *data, size_t length) noexcept
{
	if (data == nullptr || reinterpret_cast<uintptr_t>(data) % 8 != 0)
		return nullptr;
	try
	{
		flatbuffers::Verifier verifier(data, length, kVerifierDepth, kVerifierTables);

		if (!verifier.VerifyBuffer<Table>(nullptr))
			return nullptr;
		return flatbuffers::GetRoot<Table>(data);
	}
	catch (const FusionAssertion &)
	{
		return nullptr;
	}
}

const char *
text_or_empty(const flatbuffers::String *text) noexcept
{
	return text != nullptr ? text->c_str() : "";
}

template <typename Element>
uint32_t
size_or_zero(const Vector<Element> *vector) noexcept
{
	return vector != nullptr ? vector->size() : 0;
}

/* Every entry present: an absent table in a vector cannot pass the verifier, an absent vector is empty. */
template <typename Table>
const Table *
element(const Vector<Offset<Table>> *vector, uint32_t index) noexcept
{
	return index < size_or_zero(vector) ? vector->Get(index) : nullptr;
}

}								/* namespace */

extern "C" void
fusion_message_free(FusionEncoded *message)
{
	free(message->data);
	message->data = nullptr;
	message->length = 0;
}

/* ---- planning ---- */

static Offset<wire::RelationFact>
encode_relation(FlatBufferBuilder &builder, const FusionRelationFact &fact)
{
	auto		columns = encode_all<wire::ColumnFact>(builder, fact.columns, fact.column_count,
													   [&](const FusionColumnFact &column) {
		return wire::CreateColumnFact(builder, column.attribute, column.type, column.typmod, column.collation,
									  column.not_null, column.average_width, column.distinct,
									  column.null_fraction);
	});
	auto		keys = encode_all<wire::UniqueKey>(builder, fact.unique_keys, fact.unique_key_count,
												   [&](const FusionUniqueKey &key) {
		return wire::CreateUniqueKey(builder, builder.CreateVector(key.attributes, key.count));
	});

	return wire::CreateRelationFact(builder, fact.rte_node, fact.relation, builder.CreateString(fact.name),
									fact.kind, fact.rows, fact.pages, columns, keys);
}

static Offset<wire::PlanRequest>
encode_request(FlatBufferBuilder &builder, const FusionPlanRequest &request)
{
	auto		types = encode_all<wire::TypeFact>(builder, request.types, request.type_count,
												   [&](const FusionTypeFact &fact) {
		return wire::CreateTypeFact(builder, fact.oid, builder.CreateString(fact.name), fact.length, fact.by_value,
									fact.kind, fact.base, fact.element, fact.hashable, fact.bitwise_equal);
	});
	auto		collations = encode_all<wire::CollationFact>(builder, request.collations, request.collation_count,
															 [&](const FusionCollationFact &fact) {
		return wire::CreateCollationFact(builder, fact.oid, fact.deterministic, fact.byte_order,
										 fact.ascii_letters, fact.library_letters, fact.order_keys);
	});
	auto		functions = encode_all<wire::FunctionFact>(builder, request.functions, request.function_count,
														   [&](const FusionFunctionFact &fact) {
		return wire::CreateFunctionFact(builder, fact.oid, builder.CreateString(fact.name), fact.volatility,
										fact.parallel, fact.strict, fact.leakproof);
	});
	auto		relations = encode_all<wire::RelationFact>(builder, request.relations, request.relation_count,
														   [&](const FusionRelationFact &fact) {
		return encode_relation(builder, fact);
	});
	auto		encode_condition = [&](const FusionConditionFact &fact) {
		return wire::CreateConditionFact(builder, fact.node, fact.selectivity, fact.bound);
	};
	auto		conditions = encode_all<wire::ConditionFact>(builder, request.conditions, request.condition_count,
															 encode_condition);
	auto		query = builder.CreateVector(request.query.data, request.query.length);
	auto		time_zone = builder.CreateString(request.time_zone);
	std::vector<Offset<flatbuffers::String>> names;

	for (size_t i = 0; i < request.zone_count; i++)
		names.push_back(builder.CreateString(request.zones[i]));
	auto		zones = builder.CreateVector(names);

	return wire::CreatePlanRequest(builder, FUSION_MESSAGE_VERSION, request.server_version, query, types, collations,
								   functions, relations, request.explain, time_zone, request.work_memory_kb,
								   conditions, request.runtime_filters, request.other_encoding, zones);
}

extern "C" FusionEncoded
fusion_encode_plan_request(const FusionPlanRequest *request)
{
	return encode([&](FlatBufferBuilder &builder) { return encode_request(builder, *request); });
}

/* What the verifier leaves open: parallel vectors of one length, and vectors that must be there. */
static bool
replacements_are_whole(const wire::PlanReady *ready)
{
	for (uint32_t i = 0; i < size_or_zero(ready->replacements()); i++)
	{
		const wire::EdgeReplacement *replacement = ready->replacements()->Get(i);

		if (size_or_zero(replacement->op()) == 0 ||
			size_or_zero(replacement->op()) != size_or_zero(replacement->operand()))
			return false;
	}
	return true;
}

extern "C" bool
fusion_decode_plan_ready(const uint8_t *data, size_t length, FusionPlanReady *answer)
{
	const wire::PlanReady *ready = verified<wire::PlanReady>(data, length);

	if (ready == nullptr || ready->version() != FUSION_MESSAGE_VERSION || ready->plan() == nullptr ||
		!replacements_are_whole(ready))
		return false;
	answer->root = ready;
	answer->plan = {ready->plan()->data(), ready->plan()->size()};
	answer->plan_digest = ready->plan_digest();
	answer->leaf_count = size_or_zero(ready->leaves());
	answer->output_count = size_or_zero(ready->outputs());
	answer->replacement_count = size_or_zero(ready->replacements());
	answer->operator_count = size_or_zero(ready->operators());
	answer->explain_count = size_or_zero(ready->explain());
	answer->edge_qual_count = size_or_zero(ready->edge_quals());
	answer->edge_quals = answer->edge_qual_count > 0 ? ready->edge_quals()->data() : nullptr;
	answer->table_count = size_or_zero(ready->tables());
	answer->did_where = ready->did_where();
	answer->did_aggregate = ready->did_aggregate();
	answer->did_distinct = ready->did_distinct();
	answer->did_sort = ready->did_sort();
	answer->did_limit = ready->did_limit();
	answer->did_window = ready->did_window();
	answer->rows = ready->rows();
	answer->planning_ns = ready->planning_ns();
	answer->order_matters = ready->order_matters();
	answer->engine_ns = ready->engine_ns();
	return true;
}

extern "C" void
fusion_plan_ready_leaf(const FusionPlanReady *answer, uint32_t index, FusionLeafAnswer *leaf)
{
	const wire::Leaf *table = element(static_cast<const wire::PlanReady *>(answer->root)->leaves(), index);

	*leaf = {};
	if (table == nullptr)
		return;
	leaf->root = table;
	leaf->query_node = table->query_node();
	leaf->range_index = table->range_index();
	leaf->column_count = size_or_zero(table->columns());
	leaf->qual_count = size_or_zero(table->qual_nodes());
	leaf->qual_nodes = leaf->qual_count > 0 ? table->qual_nodes()->data() : nullptr;
	leaf->filter_count = size_or_zero(table->filters());
	leaf->passed = table->passed();
}

extern "C" void
fusion_leaf_filter(const FusionLeafAnswer *leaf, uint32_t index, FusionLeafFilterAnswer *filter)
{
	const wire::LeafFilter *table = element(static_cast<const wire::Leaf *>(leaf->root)->filters(), index);

	*filter = {};
	if (table == nullptr)
		return;
	filter->root = table;
	filter->number = table->filter();
	filter->key_count = size_or_zero(table->keys());
}

extern "C" void
fusion_filter_key(const FusionLeafFilterAnswer *filter, uint32_t index, FusionFilterKeyAnswer *key)
{
	const wire::FilterKey *table = element(static_cast<const wire::LeafFilter *>(filter->root)->keys(), index);

	*key = {};
	if (table == nullptr)
		return;
	key->column = table->column();
	key->kind = table->kind();
}

extern "C" void
fusion_leaf_column(const FusionLeafAnswer *leaf, uint32_t index, FusionLeafColumnAnswer *column)
{
	const wire::LeafColumn *table = element(static_cast<const wire::Leaf *>(leaf->root)->columns(), index);

	*column = {};
	if (table == nullptr)
		return;
	column->node = table->node();
	column->guard_node = table->guard_node();
	column->encoding = table->encoding();
	column->scale = table->scale();
	column->order_key = table->order_key();
}

extern "C" void
fusion_plan_ready_output(const FusionPlanReady *answer, uint32_t index, FusionOutputAnswer *output)
{
	const wire::OutputColumn *table = element(static_cast<const wire::PlanReady *>(answer->root)->outputs(), index);

	*output = {};
	if (table == nullptr)
		return;
	output->name = text_or_empty(table->name());
	output->type = table->type();
	output->typmod = table->typmod();
	output->collation = table->collation();
	output->encoding = table->encoding();
	output->scale = table->scale();
}

extern "C" void
fusion_plan_ready_replacement(const FusionPlanReady *answer, uint32_t index, FusionReplacementAnswer *replacement)
{
	const wire::EdgeReplacement *table =
		element(static_cast<const wire::PlanReady *>(answer->root)->replacements(), index);

	*replacement = {};
	if (table == nullptr)
		return;
	replacement->node = table->node();
	replacement->op = table->op()->data();
	replacement->operand = table->operand()->data();
	replacement->length = table->op()->size();
}

extern "C" void
fusion_plan_ready_operator(const FusionPlanReady *answer, uint32_t index, FusionOperatorAnswer *wanted)
{
	const wire::ExplainOperator *table =
		element(static_cast<const wire::PlanReady *>(answer->root)->operators(), index);

	*wanted = {};
	wanted->name = "";
	if (table == nullptr)
		return;
	wanted->root = table;
	wanted->name = text_or_empty(table->name());
	wanted->depth = table->depth();
	wanted->leaf = table->leaf();
	wanted->rows = table->rows();
	wanted->detail_count = size_or_zero(table->details());
}

extern "C" void
fusion_operator_detail(const FusionOperatorAnswer *answer, uint32_t index, const char **label, const char **text)
{
	const wire::ExplainDetail *table =
		element(static_cast<const wire::ExplainOperator *>(answer->root)->details(), index);

	*label = table == nullptr ? "" : text_or_empty(table->label());
	*text = table == nullptr ? "" : text_or_empty(table->text());
}

extern "C" const char *
fusion_plan_ready_explain(const FusionPlanReady *answer, uint32_t index)
{
	const auto *lines = static_cast<const wire::PlanReady *>(answer->root)->explain();

	return index < size_or_zero(lines) ? text_or_empty(lines->Get(index)) : "";
}

extern "C" void
fusion_plan_ready_table(const FusionPlanReady *answer, uint32_t index, FusionTableAnswer *wanted)
{
	const wire::TableParameter *table = element(static_cast<const wire::PlanReady *>(answer->root)->tables(), index);

	*wanted = {};
	wanted->zone = "";
	if (table == nullptr)
		return;
	wanted->id = table->id();
	wanted->zone = text_or_empty(table->zone());
	wanted->kind = static_cast<FusionTableKind>(table->kind());
	wanted->object = table->object();
}

extern "C" bool
fusion_decode_plan_refused(const uint8_t *data, size_t length, FusionPlanRefused *answer)
{
	const wire::PlanRefused *refused = verified<wire::PlanRefused>(data, length);

	if (refused == nullptr)
		return false;
	answer->construct = text_or_empty(refused->construct());
	answer->detail = text_or_empty(refused->detail());
	answer->hint = text_or_empty(refused->hint());
	answer->location = refused->location();
	return true;
}

/* ---- execution ---- */

static Offset<wire::StartExecution>
encode_start(FlatBufferBuilder &builder, const FusionStartExecution &start)
{
	auto		producers = encode_all<wire::ProducerSlot>(builder, start.producers, start.producer_count,
														   [&](const FusionProducerSlot &slot) {
		return wire::CreateProducerSlot(builder, slot.leaf, slot.producer, slot.scan_slot, slot.scan_epoch);
	});
	auto		parameters = encode_all<wire::ParameterValue>(builder, start.parameters, start.parameter_count,
															  [&](const FusionParameterValue &parameter) {
		auto		value = builder.CreateVector(parameter.value.data, parameter.value.length);

		return wire::CreateParameterValue(builder, parameter.id, parameter.type, parameter.is_null,
										  parameter.encoding, parameter.scale, value);
	});
	auto		plan = builder.CreateVector(start.plan.data, start.plan.length);
	auto		filters = encode_all<wire::FilterSlot>(builder, start.filters, start.filter_count,
														   [&](const FusionFilterSlotName &filter) {
		return wire::CreateFilterSlot(builder, filter.filter, filter.slot, filter.generation);
	});

	return wire::CreateStartExecution(builder, FUSION_MESSAGE_VERSION, plan, start.plan_digest, producers,
									  parameters, start.permits_scan, start.permits_result, start.analyze, filters,
									  start.memory_kb, start.spill_limit_kb);
}

extern "C" FusionEncoded
fusion_encode_start_execution(const FusionStartExecution *start)
{
	return encode([&](FlatBufferBuilder &builder) { return encode_start(builder, *start); });
}

extern "C" FusionEncoded
fusion_encode_close_execution(uint8_t reason)
{
	return encode([&](FlatBufferBuilder &builder) { return wire::CreateCloseExecution(builder, reason); });
}

extern "C" bool
fusion_decode_execution_started(const uint8_t *data, size_t length, uint16_t *executor)
{
	const wire::ExecutionStarted *started = verified<wire::ExecutionStarted>(data, length);

	if (started == nullptr)
		return false;
	*executor = started->executor();
	return true;
}

extern "C" bool
fusion_decode_execution_finished(const uint8_t *data, size_t length, FusionExecutionFinished *finished)
{
	const wire::ExecutionFinished *table = verified<wire::ExecutionFinished>(data, length);

	if (table == nullptr)
		return false;
	finished->root = table;
	finished->rows = table->rows();
	finished->result_pages = table->result_pages();
	finished->compile_ns = table->compile_ns();
	finished->execute_ns = table->execute_ns();
	finished->wait_ns = table->wait_ns();
	finished->memory_bytes = table->memory_bytes();
	finished->code_bytes = table->code_bytes();
	finished->code_modules = table->code_modules();
	finished->threads = table->threads();
	finished->operator_count = size_or_zero(table->operators());
	return true;
}

extern "C" void
fusion_execution_finished_operator(const FusionExecutionFinished *finished, uint32_t index,
								   FusionOperatorStats *stats)
{
	const wire::OperatorStats *table =
		element(static_cast<const wire::ExecutionFinished *>(finished->root)->operators(), index);

	*stats = {};
	if (table == nullptr)
		return;
	stats->operator_index = table->operator_();
	stats->rows_in = table->rows_in();
	stats->rows_out = table->rows_out();
	stats->pages = table->pages();
	stats->bytes = table->bytes();
	stats->time_ns = table->time_ns();
	stats->memory_bytes = table->memory_bytes();
	stats->redo_pages = table->redo_pages();
	stats->spilled_bytes = table->spilled_bytes();
}

extern "C" bool
fusion_decode_execution_failed(const uint8_t *data, size_t length, FusionExecutionFailed *failed)
{
	const wire::ExecutionFailed *table = verified<wire::ExecutionFailed>(data, length);

	if (table == nullptr || table->sqlstate() == nullptr || table->sqlstate()->size() != 5)
		return false;
	failed->sqlstate = table->sqlstate()->c_str();
	failed->message = text_or_empty(table->message());
	failed->detail = text_or_empty(table->detail());
	failed->hint = text_or_empty(table->hint());
	return true;
}

/* ---- scan ---- */

extern "C" bool
fusion_decode_open_scan(const uint8_t *data, size_t length, uint16_t *leaf, uint16_t *producer)
{
	const wire::OpenScan *table = verified<wire::OpenScan>(data, length);

	if (table == nullptr)
		return false;
	*leaf = table->leaf();
	*producer = table->producer();
	return true;
}

extern "C" bool
fusion_decode_stop_scan(const uint8_t *data, size_t length, uint8_t *reason)
{
	const wire::StopScan *table = verified<wire::StopScan>(data, length);

	if (table == nullptr)
		return false;
	*reason = table->reason();
	return true;
}

extern "C" FusionEncoded
fusion_encode_scan_finished(const FusionScanFinished *finished)
{
	return encode([&](FlatBufferBuilder &builder) {
		return wire::CreateScanFinished(builder, finished->rows, finished->pages, finished->bytes,
										finished->rows_filtered, finished->time_ns);
	});
}

extern "C" FusionEncoded
fusion_encode_scan_failed(const char *sqlstate, const char *message)
{
	return encode([&](FlatBufferBuilder &builder) {
		auto		state = builder.CreateString(sqlstate);
		auto		text = builder.CreateString(message);

		return wire::CreateScanFailed(builder, state, text);
	});
}
