/* Just enough HTTP/1.1 for the clients that are measured: requests with a Content-Length, one after another on a connection. */
#ifndef SINK_HTTP_H
#define SINK_HTTP_H

#include <stdbool.h>

typedef struct connection connection;

connection *connection_new(int fd, bool answers);
/* Takes what has arrived; false when the connection is over. */
bool connection_read(connection *self);
void connection_free(connection *self);

#endif
