#ifndef SINK_OTLP_H
#define SINK_OTLP_H

#include <stddef.h>
#include <stdint.h>

/* The spans in an ExportTraceServiceRequest of OTLP in protobuf; what cannot be read ends the count. */
uint64_t otlp_spans(const uint8_t *body, size_t length);

#endif
