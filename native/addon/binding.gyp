# Builds pg_fusion.node (the worker's addon) and pg_fusion_peer.node (a backend for tests, never loaded by the worker).
{
  "target_defaults": {
    "include_dirs": [
      "<!@(node -p \"require('node-addon-api').include\")",
      ".",
      "../shm",
      "../generated",
      "../../build/flatbuffers/include",
    ],
    # A thread that is being terminated cannot take an exception any more: then there is nobody to tell.
    "defines": [
      "NAPI_VERSION=8",
      "NODE_ADDON_API_DISABLE_DEPRECATED",
      "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
    ],
    "cflags": ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-fvisibility=hidden", "-O2"],
    "cflags_c": ["-std=gnu11"],
    "cflags_cc": ["-std=c++17", "-fexceptions"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
    "sources": [
      "frame_channel.cc",
      "messages_to_js.cc",
      "port.c",
      "port_filters.c",
      "port_pages.c",
      "verify.cc",
      "../shm/byte_ring.c",
      "../shm/flight.c",
      "../shm/page_pool.c",
      "../shm/page_ring.c",
      "../shm/region.c",
      "../shm/runtime_filter.c",
      "../shm/slot.c",
      "../shm/wake.c",
    ],
  },
  "targets": [
    {
      "target_name": "pg_fusion",
      "sources": [
        "addon.cc",
        "flight_handle.cc",
        "pool_mapping.cc",
        "region_filters.cc",
        "region_handle.cc",
        "region_pages.cc",
        "wake_poll.cc",
      ],
    },
    {
      "target_name": "pg_fusion_peer",
      "sources": ["../../test/native/peer/peer.cc", "../../test/native/peer/peer_port.c"],
    },
  ],
}
