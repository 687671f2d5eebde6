/*
 * verify.cc
 *    The closed list of messages, with the verifier flatc generated for each. A new message in
 *    schemas/control/frame.json needs a case in both switches; the compiler names the one that misses it.
 */
#include "verify.h"

#include "execution_generated.h"
#include "fusion_layout.h"
#include "planning_generated.h"
#include "port.h"
#include "scan_generated.h"

namespace
{

template <typename Table>
bool
whole(const uint8_t *bytes, size_t length)
{
	flatbuffers::Verifier verifier(bytes, length);

	return verifier.VerifyBuffer<Table>(nullptr);
}

}	/* namespace */

bool
fusion_message_expected(uint16_t type, uint32_t kind, bool from_worker)
{
	switch (static_cast<FusionMessageType>(type))
	{
		case FUSION_MESSAGE_PLAN_REQUEST:
		case FUSION_MESSAGE_START_EXECUTION:
		case FUSION_MESSAGE_CLOSE_EXECUTION:
			return kind == FUSION_PORT_CONTROL && !from_worker;
		case FUSION_MESSAGE_PLAN_READY:
		case FUSION_MESSAGE_PLAN_REFUSED:
		case FUSION_MESSAGE_EXECUTION_STARTED:
		case FUSION_MESSAGE_EXECUTION_FINISHED:
		case FUSION_MESSAGE_EXECUTION_FAILED:
			return kind == FUSION_PORT_CONTROL && from_worker;
		case FUSION_MESSAGE_OPEN_SCAN:
		case FUSION_MESSAGE_STOP_SCAN:
			return kind == FUSION_PORT_SCAN && from_worker;
		case FUSION_MESSAGE_SCAN_FINISHED:
		case FUSION_MESSAGE_SCAN_FAILED:
			return kind == FUSION_PORT_SCAN && !from_worker;
	}
	return false;
}

bool
fusion_message_verified(uint16_t type, const uint8_t *bytes, size_t length)
{
	using namespace pgfusion::control;

	switch (static_cast<FusionMessageType>(type))
	{
		case FUSION_MESSAGE_PLAN_REQUEST:
			return whole<PlanRequest>(bytes, length);
		case FUSION_MESSAGE_PLAN_READY:
			return whole<PlanReady>(bytes, length);
		case FUSION_MESSAGE_PLAN_REFUSED:
			return whole<PlanRefused>(bytes, length);
		case FUSION_MESSAGE_START_EXECUTION:
			return whole<StartExecution>(bytes, length);
		case FUSION_MESSAGE_EXECUTION_STARTED:
			return whole<ExecutionStarted>(bytes, length);
		case FUSION_MESSAGE_EXECUTION_FINISHED:
			return whole<ExecutionFinished>(bytes, length);
		case FUSION_MESSAGE_EXECUTION_FAILED:
			return whole<ExecutionFailed>(bytes, length);
		case FUSION_MESSAGE_CLOSE_EXECUTION:
			return whole<CloseExecution>(bytes, length);
		case FUSION_MESSAGE_OPEN_SCAN:
			return whole<OpenScan>(bytes, length);
		case FUSION_MESSAGE_STOP_SCAN:
			return whole<StopScan>(bytes, length);
		case FUSION_MESSAGE_SCAN_FINISHED:
			return whole<ScanFinished>(bytes, length);
		case FUSION_MESSAGE_SCAN_FAILED:
			return whole<ScanFailed>(bytes, length);
	}
	return false;
}
