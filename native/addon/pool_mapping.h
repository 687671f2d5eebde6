/*
 * pool_mapping.h
 *    The page pool inside a WebAssembly memory: replaces a window of a shared memory's address range by a
 *    read-only mapping of the region's pages. Read-only, so that generated code cannot damage PostgreSQL's
 *    pages: a store traps as a RuntimeError (a JavaScript store into the window kills the process; only
 *    WebAssembly may be pointed at it).
 */
#ifndef FUSION_ADDON_POOL_MAPPING_H
#define FUSION_ADDON_POOL_MAPPING_H

#include "arguments.h"
#include "port.h"

class PoolMapping
{
  public:
	/* Maps over view[byte_offset ..]; throws for a view that is not shared memory, misaligned or too small. */
	void map(const Napi::CallbackInfo &info, FusionPort *port);
	/* Puts anonymous memory back and lets go of the view. */
	void unmap();
	bool mapped() const
	{
		return address_ != nullptr;
	}

  private:
	uint8_t    *address_ = nullptr;
	size_t		length_ = 0;
	/* Keeps the memory alive while a window of it is ours to restore. */
	Napi::ObjectReference view_;
};

#endif							/* FUSION_ADDON_POOL_MAPPING_H */
