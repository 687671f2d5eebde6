/*
 * messages_test.cpp
 *    The C interface over control messages: what is encoded comes back, and no change of bytes on the way
 *    makes a decoder or an accessor read outside the buffer (the sanitizers watch).
 */
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "execution_generated.h"
#include "planning_generated.h"
#include "scan_generated.h"

#include "messages.h"

namespace wire = pgfusion::control;
using flatbuffers::FlatBufferBuilder;

#define CHECK(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* Changes of each message; a full walk takes about a microsecond. */
static const int mutations = 60000;

/* What the walks below read, so that no read can be optimised away. */
static volatile uint64_t sink;

static uint64_t
next_random(uint64_t *state)
{
	uint64_t	z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	return z ^ (z >> 27);
}

static std::vector<uint8_t>
bytes_of(const FlatBufferBuilder &builder)
{
	return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

static std::vector<uint8_t>
plan_ready()
{
	FlatBufferBuilder builder;
	std::vector<uint8_t> plan = {1, 0, 2, 0};
	std::vector<flatbuffers::Offset<wire::LeafColumn>> columns = {wire::CreateLeafColumn(builder, 7, 9, 6, 2)};
	std::vector<uint32_t> quals = {3, 4, 5};
	std::vector<flatbuffers::Offset<wire::Leaf>> leaves =
		{wire::CreateLeafDirect(builder, 0, 1, &columns, &quals, nullptr, 0.25)};
	std::vector<flatbuffers::Offset<wire::OutputColumn>> outputs =
		{wire::CreateOutputColumnDirect(builder, "sum1", 1700, -1, 0, 7, 2)};
	std::vector<uint8_t> op = {1, 0, 0};
	std::vector<uint32_t> operand = {1727, 0, 1};
	std::vector<flatbuffers::Offset<wire::EdgeReplacement>> replacements =
		{wire::CreateEdgeReplacementDirect(builder, 11, &op, &operand)};
	std::vector<flatbuffers::Offset<flatbuffers::String>> explain = {builder.CreateString("aggregate"),
		builder.CreateString("  scan")};

	builder.Finish(wire::CreatePlanReadyDirect(builder, FUSION_MESSAGE_VERSION, &plan, 42, &leaves, &outputs,
											   &replacements, true, true, false, false, false, 12.5, &explain, 99));
	return bytes_of(builder);
}

/* Reads everything a backend would; false when the decoder refuses. */
static bool
walk_plan_ready(const uint8_t *data, size_t length)
{
	FusionPlanReady ready;
	uint64_t	seen = 0;

	if (!fusion_decode_plan_ready(data, length, &ready))
		return false;
	for (size_t i = 0; i < ready.plan.length; i++)
		seen += ready.plan.data[i];
	for (uint32_t i = 0; i <= ready.table_count && i < 1000; i++)
	{
		FusionTableAnswer table;

		fusion_plan_ready_table(&ready, i, &table);
		seen += table.id + strlen(table.zone);
	}
	for (uint32_t i = 0; i <= ready.leaf_count && i < 1000; i++)
	{
		FusionLeafAnswer leaf;

		fusion_plan_ready_leaf(&ready, i, &leaf);
		for (uint32_t k = 0; k < leaf.qual_count; k++)
			seen += leaf.qual_nodes[k];
		for (uint32_t k = 0; leaf.root != nullptr && k <= leaf.column_count && k < 1000; k++)
		{
			FusionLeafColumnAnswer column;

			fusion_leaf_column(&leaf, k, &column);
			seen += column.node + column.encoding;
		}
	}
	for (uint32_t i = 0; i <= ready.output_count && i < 1000; i++)
	{
		FusionOutputAnswer output;

		fusion_plan_ready_output(&ready, i, &output);
		seen += output.name != nullptr ? strlen(output.name) : 0;
	}
	for (uint32_t i = 0; i <= ready.replacement_count && i < 1000; i++)
	{
		FusionReplacementAnswer replacement;

		fusion_plan_ready_replacement(&ready, i, &replacement);
		for (uint32_t k = 0; k < replacement.length; k++)
			seen += replacement.op[k] + replacement.operand[k];
	}
	for (uint32_t i = 0; i <= ready.explain_count && i < 1000; i++)
		seen += strlen(fusion_plan_ready_explain(&ready, i));
	sink = seen;
	return true;
}

static bool
walk_finished(const uint8_t *data, size_t length)
{
	FusionExecutionFinished finished;

	if (!fusion_decode_execution_finished(data, length, &finished))
		return false;
	for (uint32_t i = 0; i <= finished.operator_count && i < 1000; i++)
	{
		FusionOperatorStats stats;

		fusion_execution_finished_operator(&finished, i, &stats);
		sink = stats.rows_out + stats.time_ns;
	}
	return true;
}

static bool
walk_failed(const uint8_t *data, size_t length)
{
	FusionExecutionFailed failed;

	if (!fusion_decode_execution_failed(data, length, &failed))
		return false;
	CHECK(strlen(failed.sqlstate) <= 5);
	sink = strlen(failed.message) + strlen(failed.detail) + strlen(failed.hint);
	return true;
}

static bool
walk_refused(const uint8_t *data, size_t length)
{
	FusionPlanRefused refused;

	if (!fusion_decode_plan_refused(data, length, &refused))
		return false;
	sink = strlen(refused.construct) + strlen(refused.detail) + strlen(refused.hint);
	return true;
}

/* The message stands at the end of its allocation: reading one byte too far is seen. */
static void
mutate(const char *name, const std::vector<uint8_t> &message, bool (*walk) (const uint8_t *, size_t))
{
	uint64_t	random = 1;
	int			accepted = 0;

	CHECK(walk(message.data(), message.size()));
	for (int round = 0; round < mutations; round++)
	{
		bool		cut = next_random(&random) % 8 == 0;
		size_t		length = cut ? next_random(&random) % (message.size() + 1) : message.size();
		auto	   *copy = static_cast<uint8_t *>(malloc(length > 0 ? length : 1));

		memcpy(copy, message.data(), length);
		for (uint64_t changes = next_random(&random) % 4; length > 0 && changes > 0; changes--)
			copy[next_random(&random) % length] = static_cast<uint8_t>(next_random(&random));
		accepted += walk(copy, length) ? 1 : 0;
		free(copy);
	}
	CHECK(!walk(nullptr, 0));
	fprintf(stderr, "  %s: %d of %d mutations still decode\n", name, accepted, mutations);
}

static void
test_plan_ready()
{
	std::vector<uint8_t> message = plan_ready();
	FusionPlanReady ready;
	FusionLeafAnswer leaf;
	FusionLeafColumnAnswer column;
	FusionOutputAnswer output;
	FusionReplacementAnswer replacement;

	CHECK(fusion_decode_plan_ready(message.data(), message.size(), &ready));
	CHECK(ready.plan_digest == 42 && ready.did_where && ready.did_aggregate && !ready.did_limit);
	CHECK(ready.plan.length == 4 && ready.rows == 12.5 && ready.planning_ns == 99);
	fusion_plan_ready_leaf(&ready, 0, &leaf);
	CHECK(leaf.range_index == 1 && leaf.qual_count == 3 && leaf.qual_nodes[2] == 5 && leaf.passed == 0.25);
	fusion_leaf_column(&leaf, 0, &column);
	CHECK(column.node == 7 && column.guard_node == 9 && column.encoding == 6 && column.scale == 2);
	fusion_plan_ready_output(&ready, 0, &output);
	CHECK(strcmp(output.name, "sum1") == 0 && output.type == 1700 && output.typmod == -1);
	fusion_plan_ready_replacement(&ready, 0, &replacement);
	CHECK(replacement.node == 11 && replacement.length == 3 && replacement.operand[0] == 1727);
	CHECK(strcmp(fusion_plan_ready_explain(&ready, 1), "  scan") == 0);
	mutate("PlanReady", message, walk_plan_ready);
}

static void
test_answers()
{
	FlatBufferBuilder finished;
	FlatBufferBuilder failed;
	FlatBufferBuilder refused;
	std::vector<flatbuffers::Offset<wire::OperatorStats>> operators =
		{wire::CreateOperatorStats(finished, 1, 2, 3, 4, 5, 6, 7, 8)};

	finished.Finish(wire::CreateExecutionFinishedDirect(finished, 10, 1, 2, 3, 4, &operators));
	mutate("ExecutionFinished", bytes_of(finished), walk_finished);
	failed.Finish(wire::CreateExecutionFailedDirect(failed, "22012", "division by zero", "", "hint"));
	mutate("ExecutionFailed", bytes_of(failed), walk_failed);
	refused.Finish(wire::CreatePlanRefusedDirect(refused, "JOIN", "detail", nullptr, 14));
	mutate("PlanRefused", bytes_of(refused), walk_refused);
}

static void
test_version()
{
	FlatBufferBuilder builder;
	std::vector<uint8_t> plan = {1};
	FusionPlanReady ready;

	builder.Finish(wire::CreatePlanReadyDirect(builder, FUSION_MESSAGE_VERSION + 1, &plan));
	CHECK(!fusion_decode_plan_ready(builder.GetBufferPointer(), builder.GetSize(), &ready));
}

/* Encoders are read back through the same verified code the worker uses. */
static void
test_requests()
{
	FusionColumnFact column = {1, 23, -1, 0, true, 4, -0.5, 0.25f};
	const int16_t attributes[] = {1, 3};
	FusionUniqueKey key = {attributes, 2};
	FusionRelationFact relation = {5, 16384, "public.t", 'r', -1, 10, &column, 1, &key, 1};
	FusionTypeFact type = {23, "int4", 4, true, 'b', 0, 0, true, true};
	const char *zones[] = {"UTC", "Europe/Berlin"};
	FusionPlanRequest request = {};
	FusionStartExecution start = {};
	FusionProducerSlot slot = {0, 0, 3, 9};
	FusionEncoded encoded;

	request.server_version = 150020;
	request.query = {reinterpret_cast<const uint8_t *>("{QUERY }"), 8};
	request.relations = &relation;
	request.relation_count = 1;
	request.types = &type;
	request.type_count = 1;
	request.time_zone = "UTC";
	request.zones = zones;
	request.zone_count = 2;
	encoded = fusion_encode_plan_request(&request);
	CHECK(encoded.data != nullptr);
	flatbuffers::Verifier verifier(encoded.data, encoded.length);
	CHECK(verifier.VerifyBuffer<wire::PlanRequest>(nullptr));
	auto		read = flatbuffers::GetRoot<wire::PlanRequest>(encoded.data);
	CHECK(read->query()->size() == 8 && read->collations()->size() == 0);
	CHECK(read->relations()->Get(0)->columns()->Get(0)->not_null());
	CHECK(read->relations()->Get(0)->columns()->Get(0)->distinct() == -0.5);
	CHECK(read->relations()->Get(0)->columns()->Get(0)->null_fraction() == 0.25f);
	CHECK(read->relations()->Get(0)->unique_keys()->Get(0)->attributes()->Get(1) == 3);
	CHECK(read->zones()->size() == 2 && read->zones()->Get(1)->str() == "Europe/Berlin");
	fusion_message_free(&encoded);
	CHECK(encoded.data == nullptr);

	start.plan = {reinterpret_cast<const uint8_t *>("\1\0"), 2};
	start.producers = &slot;
	start.producer_count = 1;
	encoded = fusion_encode_start_execution(&start);
	CHECK(flatbuffers::GetRoot<wire::StartExecution>(encoded.data)->producers()->Get(0)->scan_epoch() == 9);
	fusion_message_free(&encoded);
	encoded = fusion_encode_scan_failed("57014", "cancelled");
	CHECK(flatbuffers::GetRoot<wire::ScanFailed>(encoded.data)->message()->str() == "cancelled");
	fusion_message_free(&encoded);
}

int
main()
{
	test_plan_ready();
	test_answers();
	test_version();
	test_requests();
	return 0;
}
