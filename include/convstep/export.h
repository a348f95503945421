// export.h: what a shared library shows: all that the public headers declare, and nothing else.
#pragma once

// CONVSTEP_SHARED is defined where convstep is compiled as a shared library. In a static one the symbols stay hidden,
// so that a library that takes it in does not show them as its own.
#ifdef CONVSTEP_SHARED
#define CONVSTEP_EXPORT [[gnu::visibility("default")]]
#else
#define CONVSTEP_EXPORT
#endif
