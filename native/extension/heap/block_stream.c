/*
 * block_stream.c
 *    Reading ahead of a heap scan. See block_stream.h for when; which blocks a process reads is the business of
 *    visible.c and block_cursor.c.
 *
 *    (in memory) -> a block had to be read: wanted -> reading -> the next ones are in memory: (in memory)
 *                                                  -> the blocks dealt to this process are read: wanted
 *                                                  -> the fill ends: (in memory)
 *
 * Nothing is skipped or given twice, whatever a stream had asked for when it ended: the caller counts the blocks it was
 * given, and the next stream begins there.
 */
#include "postgres.h"

#include "block_stream.h"

#include "storage/bufmgr.h"

Buffer
fusion_block_read(HeapScanDesc scan, BlockNumber number)
{
	return ReadBufferExtended(scan->rs_base.rs_rd, MAIN_FORKNUM, number, RBM_NORMAL, scan->rs_strategy);
}

#if PG_VERSION_NUM >= 170000

#include "executor/instrument.h"
#include "storage/read_stream.h"

/* Called back by the stream. It may be collecting reads meanwhile: nothing here waits. */
static BlockNumber
ask(ReadStream *reads, void *callback_private_data, void *per_buffer_data)
{
	FusionBlockStream *stream = callback_private_data;

	return stream->asked < stream->end ? stream->asked++ : InvalidBlockNumber;
}

/* The first stream of a scan begins with few blocks: its consumer may want few rows. Later ones need not find out. */
static void
begin_reading(FusionBlockStream *stream, HeapScanDesc scan, BlockNumber number, BlockNumber end)
{
	int			flags = READ_STREAM_SEQUENTIAL;

#if PG_VERSION_NUM >= 180000
	flags |= READ_STREAM_USE_BATCHING;
#endif
	if (stream->has_read)
		flags |= READ_STREAM_FULL;
	stream->head = number;
	stream->asked = number;
	stream->end = end;
	stream->reads = read_stream_begin_relation(flags, scan->rs_strategy, scan->rs_base.rs_rd, MAIN_FORKNUM, ask,
											   stream, 0);
	stream->has_read = true;
}

static void
end_reading(FusionBlockStream *stream)
{
	if (stream->reads != NULL)
		read_stream_end(stream->reads);
	stream->reads = NULL;
}

/*
 * A stream that finds its blocks in memory looks less and less far ahead, at last for one block. It gives no other
 * sign. When all blocks are asked for, that few are left says nothing.
 */
static bool
finds_blocks_in_memory(const FusionBlockStream *stream)
{
	return stream->asked < stream->end && stream->asked - stream->head <= 1;
}

static Buffer
read_from_stream(FusionBlockStream *stream)
{
	Buffer		buffer = read_stream_next_buffer(stream->reads, NULL);

	if (!BufferIsValid(buffer) || BufferGetBlockNumber(buffer) != stream->head)
		elog(ERROR, "pg_fusion: a read stream did not give block %u", stream->head);
	stream->head++;
	if (stream->head == stream->end)
		end_reading(stream);
	else if (finds_blocks_in_memory(stream))
		fusion_block_stream_end(stream);
	return buffer;
}

Buffer
fusion_block_stream_next(FusionBlockStream *stream, HeapScanDesc scan, BlockNumber number, BlockNumber end)
{
	const BufferUsage *usage = &pgBufferUsage;
	int64		blocks_read = usage->shared_blks_read + usage->local_blks_read;
	Buffer		buffer;

	if (stream->is_wanted)
	{
		if (stream->reads == NULL)
			begin_reading(stream, scan, number, end);
		Assert(stream->head == number);
		return read_from_stream(stream);
	}
	buffer = fusion_block_read(scan, number);
	stream->is_wanted = usage->shared_blks_read + usage->local_blks_read != blocks_read;
	return buffer;
}

void
fusion_block_stream_end(FusionBlockStream *stream)
{
	end_reading(stream);
	stream->is_wanted = false;
}

#else

Buffer
fusion_block_stream_next(FusionBlockStream *stream, HeapScanDesc scan, BlockNumber number, BlockNumber end)
{
	return fusion_block_read(scan, number);
}

/* None has begun. */
void
fusion_block_stream_end(FusionBlockStream *stream)
{
	Assert(stream->reads == NULL);
}

#endif
