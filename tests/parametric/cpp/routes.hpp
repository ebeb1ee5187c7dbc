// Endpoints by method and path.
#ifndef ROUTES_HPP
#define ROUTES_HPP

#include "state.hpp"

#include <functional>
#include <map>

using Endpoint = std::function<json(State &, const json &)>;
using Routes = std::map<std::string, Endpoint>;

void add_datadog_routes(Routes &routes);
void add_tracer_routes(Routes &routes);
void add_missing_routes(Routes &routes);

#endif
