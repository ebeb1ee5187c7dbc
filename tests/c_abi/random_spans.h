/* Random calls on spans, contexts, propagators and providers. For random_calls.c. */
#ifndef RANDOM_SPANS_H
#define RANDOM_SPANS_H

#include "player.h"

static void play_spans(player *player)
{
    /* A struct of any size is followed by as many bytes. */
    union {
        ddtrace_span_options options;
        ddtrace_span_end_options end;
        ddtrace_link link;
        char room[8192];
    } *given = calloc(1, sizeof *given);
    ddtrace_tag tag[6];
    uint8_t packed[200];
    ddtrace_span *span = NULL;
    ddtrace_span_ids ids;
    size_t count = tags(player, tag, 6), packed_count = packed_tags(player, packed, sizeof packed);
    CHECK(given != NULL);
    /* What a newer program might say there. */
    if (one_in(player, 8))
        given->room[sizeof given->end + below(player, 100)] = 1;
    switch (below(player, 8)) {
    case 0:
    case 1:
    case 2:
        given->options.struct_size = struct_size(player, sizeof given->options);
        given->options.name = text(player);
        given->options.service = text(player);
        given->options.resource = text(player);
        given->options.type = text(player);
        if (one_in(player, 2))
            given->options.parent_span = SPAN(player);
        else if (one_in(player, 2))
            given->options.parent_context = CONTEXT(player);
        given->options.start_ns = time_ns(player);
        given->options.kind = (int32_t)below(player, 8) - 1;
        given->options.flags = (uint32_t)below(player, 3);
        given->options.tags = one_in(player, 10) ? NULL : tag;
        given->options.tags_len = count;
        given->options.packed_tags = one_in(player, 10) ? NULL : packed;
        given->options.packed_tags_len = packed_count;
        ddtrace_span_start(TRACER(player), one_in(player, 10) ? NULL : &given->options, one_in(player, 20) ? NULL : &span,
                           one_in(player, 2) ? NULL : &ids);
        keep(player, DDTRACE_HANDLE_SPAN, span);
        break;
    case 3:
    case 4:
        given->end.struct_size = struct_size(player, sizeof given->end);
        given->end.end_ns = time_ns(player);
        given->end.name = text(player);
        given->end.resource = text(player);
        given->end.error = (int32_t)below(player, 3) - 1;
        given->end.error_type = text(player);
        given->end.error_stack = text(player);
        given->end.tags = one_in(player, 10) ? NULL : tag;
        given->end.tags_len = count;
        given->end.packed_tags = packed;
        given->end.packed_tags_len = packed_count;
        if (one_in(player, 4))
            ddtrace_span_finish(SPAN(player), &given->end);
        else
            ddtrace_span_end(take(player, DDTRACE_HANDLE_SPAN), one_in(player, 2) ? NULL : &given->end);
        break;
    case 5:
        given->link.struct_size = struct_size(player, sizeof given->link);
        given->link.trace_id_low = below(player, 3);
        given->link.span_id = below(player, 3);
        given->link.has_flags = (uint32_t)below(player, 3);
        given->link.flags = (uint32_t)next_random(player);
        given->link.tracestate = text(player);
        given->link.attributes = tag;
        given->link.attributes_len = count;
        ddtrace_span_add_link(SPAN(player), one_in(player, 20) ? NULL : &given->link);
        ddtrace_span_link_span(SPAN(player), SPAN(player), tag, count);
        ddtrace_span_link_context(SPAN(player), CONTEXT(player), tag, count);
        break;
    case 6:
        span = ddtrace_span_ref(SPAN(player));
        keep(player, DDTRACE_HANDLE_SPAN, span);
        break;
    default:
        if (one_in(player, 4))
            ddtrace_span_finish_with_ancestors(SPAN(player), time_ns(player));
        else
            ddtrace_span_free(take(player, DDTRACE_HANDLE_SPAN));
    }
    free(given);
}

static void play_tags(player *player)
{
    ddtrace_str key = text(player), value = text(player), third = text(player);
    ddtrace_tag tag[6];
    uint8_t packed[200];
    size_t count = tags(player, tag, 6);
    ddtrace_span *span = SPAN(player);
    double number = (double)(int64_t)next_random(player);
    switch (below(player, 16)) {
    case 0:
        ddtrace_span_set_tag_f64(span, AS_TEXT(key), one_in(player, 5) ? number / 0.0 : number);
        break;
    case 1:
        ddtrace_span_set_tag_i64(span, AS_TEXT(key), (int64_t)(next_random(player) >> below(player, 64)));
        break;
    case 2:
        ddtrace_span_set_tag_bool(span, AS_TEXT(key), (int32_t)below(player, 3) - 1);
        break;
    case 3:
        ddtrace_span_set_tags(span, one_in(player, 10) ? NULL : tag, count);
        break;
    case 4:
        count = packed_tags(player, packed, sizeof packed);
        ddtrace_span_set_packed_tags(span, one_in(player, 10) ? NULL : packed, count);
        break;
    case 5:
        ddtrace_span_unset_tag(span, AS_TEXT(key));
        break;
    case 6:
        ddtrace_span_set_name(span, AS_TEXT(key));
        ddtrace_span_set_service(SPAN(player), AS_TEXT(value));
        break;
    case 7:
        ddtrace_span_set_resource(span, AS_TEXT(key));
        ddtrace_span_set_type(SPAN(player), AS_TEXT(value));
        break;
    case 8:
        ddtrace_span_set_start(span, time_ns(player));
        ddtrace_span_set_kind(SPAN(player), (int32_t)below(player, 8) - 1);
        break;
    case 9:
        ddtrace_span_set_status(span, (int32_t)below(player, 5) - 1, AS_TEXT(key));
        ddtrace_span_set_error(SPAN(player), (int32_t)below(player, 3) - 1);
        break;
    case 10:
        ddtrace_span_set_exception(span, AS_TEXT(key), AS_TEXT(value), AS_TEXT(third));
        break;
    case 11:
        ddtrace_span_record_exception(span, AS_TEXT(key), AS_TEXT(value), AS_TEXT(third), tag, count);
        break;
    case 12:
        ddtrace_span_add_event(span, AS_TEXT(key), time_ns(player), one_in(player, 10) ? NULL : tag, count);
        break;
    case 13:
        ddtrace_span_add_pointer(span, AS_TEXT(key), (int32_t)below(player, 2), AS_TEXT(value));
        break;
    case 14:
        ddtrace_span_set_meta_struct(span, AS_TEXT(key), packed, packed_tags(player, packed, sizeof packed));
        break;
    default:
        for (int i = 0; i < 10; i++) {
            key = text(player);
            value = text(player);
            ddtrace_span_set_tag(span, AS_TEXT(key), AS_TEXT(value));
        }
    }
}

static void read_spans(player *player)
{
    ddtrace_str key = text(player);
    const ddtrace_span *span = SPAN(player);
    ddtrace_span_ids ids;
    double number;
    size_t room = below(player, 300);
    char *buf = malloc(room + 1);
    ddtrace_span_get_ids(span, one_in(player, 10) ? NULL : &ids);
    ddtrace_span_is_finished(span);
    ddtrace_span_is_error(span);
    ddtrace_span_get_start(span);
    ddtrace_span_get_duration(span);
    ddtrace_span_get_kind(span);
    ddtrace_span_get_status(span);
    ddtrace_span_get_name(span, buf, room);
    ddtrace_span_get_service(span, buf, room);
    ddtrace_span_get_resource(span, buf, room);
    ddtrace_span_get_type(span, buf, room);
    ddtrace_span_get_tag(span, AS_TEXT(key), buf, room);
    ddtrace_span_get_tag_f64(span, AS_TEXT(key), &number);
    ddtrace_span_get_baggage(span, AS_TEXT(key), buf, room);
    ddtrace_span_to_json(span, buf, room);
    ddtrace_span_to_json(span, NULL, below(player, 2));
    free(buf);
}

static void read_again(void *user_data, ddtrace_str key, ddtrace_str value)
{
    ddtrace_span_set_baggage(SPAN(user_data), AS_TEXT(key), AS_TEXT(value));
    ddtrace_context_unset_baggage(CONTEXT(user_data), AS_TEXT(value));
}

static void play_contexts(player *player)
{
    ddtrace_str key = text(player), value = text(player);
    ddtrace_context *made = NULL, *context = CONTEXT(player);
    ddtrace_span *span = SPAN(player);
    ddtrace_span_ids ids = { next_random(player), below(player, 3), below(player, 3), 0 };
    int32_t priority = (int32_t)below(player, 6) - 2;
    char buf[64];
    switch (below(player, 12)) {
    case 0:
        ddtrace_context_new(one_in(player, 10) ? NULL : &ids, one_in(player, 2) ? NULL : &priority, AS_TEXT(key), &made);
        break;
    case 1:
    case 2:
        ddtrace_span_get_context(span, &made);
        break;
    case 3:
        made = ddtrace_context_ref(context);
        break;
    case 4:
        ddtrace_context_with_baggage_item(context, AS_TEXT(key), AS_TEXT(value), &made);
        break;
    case 5:
        ddtrace_context_get_ids(context, &ids);
        ddtrace_context_is_empty(context);
        ddtrace_context_is_remote(context);
        ddtrace_context_get_priority(context, &priority);
        ddtrace_context_get_origin(context, buf, below(player, sizeof buf));
        ddtrace_context_get_tag(context, AS_TEXT(key), buf, sizeof buf);
        ddtrace_context_get_baggage(context, AS_TEXT(key), buf, sizeof buf);
        break;
    case 6:
        ddtrace_context_set_priority(context, priority);
        ddtrace_span_override_sampling(span, priority);
        break;
    case 7:
        ddtrace_tracer_sample(TRACER(player), span);
        ddtrace_before_fork(span);
        break;
    case 8:
        ddtrace_context_set_baggage(context, AS_TEXT(key), AS_TEXT(value));
        ddtrace_span_set_baggage(span, AS_TEXT(value), AS_TEXT(key));
        break;
    case 9:
        ddtrace_context_each_baggage(context, one_in(player, 10) ? NULL : read_again, player);
        ddtrace_span_each_baggage(span, read_again, player);
        break;
    case 10:
        ddtrace_span_unset_baggage(span, AS_TEXT(key));
        if (one_in(player, 2))
            ddtrace_span_clear_baggage(span);
        else
            ddtrace_context_clear_baggage(context);
        break;
    default:
        ddtrace_context_free(take(player, DDTRACE_HANDLE_CONTEXT));
    }
    keep(player, DDTRACE_HANDLE_CONTEXT, made);
}

static void look_up(void *user_data, const char *name, ddtrace_header_found found, void *sink)
{
    player *player = user_data;
    CHECK(name != NULL);
    for (size_t times = below(player, 3); times > 0; times--) {
        ddtrace_str value = text(player);
        found(sink, AS_TEXT(value));
    }
}

static void set_header(void *user_data, ddtrace_str name, ddtrace_str value)
{
    CHECK(name.ptr[name.len] == '\0' && value.ptr[value.len] == '\0');
    ddtrace_span_set_tag(SPAN(user_data), AS_TEXT(name), AS_TEXT(value));
}

static void play_propagators(player *player)
{
    ddtrace_str pairs[12];
    ddtrace_propagator *made = NULL, *propagator = PROPAGATOR(player);
    ddtrace_context *context = NULL;
    ddtrace_error *error = NULL;
    size_t room = below(player, 2000), needed = 0;
    char *buf = malloc(room + 1);
    switch (below(player, 8)) {
    case 0:
        if (one_in(player, 4))
            ddtrace_propagator_new(CONFIG(player), &made, one_in(player, 2) ? NULL : &error);
        else
            made = ddtrace_propagator_ref(propagator);
        keep(player, DDTRACE_HANDLE_PROPAGATOR, made);
        break;
    case 1:
        for (size_t i = 0; i < 12; i++)
            pairs[i] = text(player);
        ddtrace_propagator_extract(propagator, one_in(player, 20) ? NULL : pairs, below(player, 7), &context);
        break;
    case 2:
        ddtrace_propagator_extract_with(propagator, one_in(player, 20) ? NULL : look_up, player, &context);
        break;
    case 3:
    case 4:
        ddtrace_propagator_inject_span(propagator, SPAN(player), buf, room, &needed);
        break;
    case 5:
        ddtrace_propagator_inject_context(propagator, CONTEXT(player), buf, room, one_in(player, 9) ? NULL : &needed);
        break;
    case 6:
        ddtrace_propagator_inject_span_with(propagator, SPAN(player), set_header, player);
        ddtrace_propagator_inject_context_with(propagator, CONTEXT(player), set_header, player);
        break;
    default:
        ddtrace_propagator_free(take(player, DDTRACE_HANDLE_PROPAGATOR));
    }
    free(buf);
    keep(player, DDTRACE_HANDLE_CONTEXT, context);
    keep(player, DDTRACE_HANDLE_ERROR, error);
}

/* What the providers with callbacks remember, for all threads alike. */
static void *active;

static void *get_active(void *user_data)
{
    (void)user_data;
    return __atomic_load_n(&active, __ATOMIC_RELAXED);
}

static void set_active(void *user_data, void *handle)
{
    (void)user_data;
    __atomic_store_n(&active, handle, __ATOMIC_RELAXED);
}

static void play_providers(player *player)
{
    ddtrace_provider *made = NULL, *provider = PROVIDER(player);
    ddtrace_span *span = NULL;
    ddtrace_context *context = NULL;
    uint64_t token = below(player, 100);
    switch (below(player, 12)) {
    case 0:
        if (one_in(player, 3))
            ddtrace_provider_thread_local(&made);
        else if (one_in(player, 2))
            ddtrace_provider_new_tasks(&made);
        else
            ddtrace_provider_new_callbacks(get_active, one_in(player, 9) ? NULL : set_active, NULL, free, &made);
        break;
    case 1:
    case 2:
        ddtrace_provider_task_enter(provider, below(player, 20), below(player, 20));
        break;
    case 3:
        ddtrace_provider_task_leave(provider, below(player, 20));
        ddtrace_provider_task_count(provider);
        break;
    case 4:
    case 5:
    case 6:
        ddtrace_provider_activate_span(provider, SPAN(player), one_in(player, 2) ? NULL : &token);
        if (one_in(player, 2))
            ddtrace_provider_restore(provider, token);
        break;
    case 7:
        ddtrace_provider_activate_context(provider, CONTEXT(player), &token);
        break;
    case 8:
        ddtrace_provider_current_span(provider, &span);
        break;
    case 9:
        ddtrace_provider_current_root_span(provider, &span);
        break;
    case 10:
        ddtrace_provider_current_context(provider, &context);
        break;
    default:
        if (one_in(player, 4))
            ddtrace_provider_free(take(player, DDTRACE_HANDLE_PROVIDER));
    }
    keep(player, DDTRACE_HANDLE_PROVIDER, made);
    keep(player, DDTRACE_HANDLE_SPAN, span);
    keep(player, DDTRACE_HANDLE_CONTEXT, context);
}

#endif
