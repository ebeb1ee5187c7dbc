// SPDX-License-Identifier: Apache-2.0
// Subscriptions to files of remote configuration.
#ifndef DDTRACE_REMOTE_CONFIG_HPP
#define DDTRACE_REMOTE_CONFIG_HPP

#include <ddtrace/events.hpp>

#include <cstring>

namespace ddtrace {
inline namespace v0 {

/// A file that was added, changed or removed: valid during the call.
class file_change {
public:
    explicit file_change(const ddtrace_rc_change &raw) noexcept : raw_(&raw) {}

    bool is_removal() const noexcept { return raw_->operation == DDTRACE_RC_REMOVE; }
    std::string_view path() const noexcept { return detail::view(raw_->path); }
    std::string_view product() const noexcept { return detail::view(raw_->product); }
    std::string_view config_id() const noexcept { return detail::view(raw_->config_id); }
    std::uint64_t version() const noexcept { return raw_->version; }
    /// Bytes of any kind; empty for a removal.
    std::string_view content() const noexcept {
        return raw_->content == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char *>(raw_->content), raw_->content_len);
    }

private:
    const ddtrace_rc_change *raw_;
};

/// Calls `apply(file_change)` for each change of the product's files, in the background. It answers nothing, or text: why it refuses the file, and
/// empty text if it does not. An exception refuses it, too. Capabilities are the numbers of what the program can do with the files.
template <class F>
result<subscription> subscribe_files(const tracer &by, std::string_view product, std::initializer_list<std::uint8_t> capabilities, F &&apply) {
    using function = std::decay_t<F>;
    function *given = detail::give(std::forward<F>(apply));
    if (given == nullptr) return error(DDTRACE_ERR_LIMIT);
    ddtrace_rc_callbacks callbacks{};
    callbacks.struct_size = sizeof callbacks;
    callbacks.on_changes = [](void *user_data, const ddtrace_rc_change *changes, std::size_t count, ddtrace_rc_result *results) {
        function &called = *static_cast<function *>(user_data);
        for (std::size_t i = 0; i < count; i++) {
            ddtrace_rc_result &told = results[i];
            const auto refuse = [&told](std::string_view why) {
                const std::size_t kept = why.size() < sizeof told.error ? why.size() : sizeof told.error - 1;
                std::memcpy(told.error, why.data(), kept);
                told.error[kept] = '\0';
                told.state = DDTRACE_RC_ERROR;
            };
            const bool returned = detail::guarded("subscriber", false, [&] {
                if constexpr (std::is_void_v<std::invoke_result_t<function &, file_change>>) {
                    called(file_change(changes[i]));
                } else {
                    const std::string why(called(file_change(changes[i])));
                    if (!why.empty()) refuse(why);
                }
                return true;
            });
            if (!returned) refuse("the subscriber threw an exception");
        }
    };
    std::uint64_t id = 0;
    ddtrace_error *failure = nullptr;
    const ddtrace_status code = ddtrace_rc_subscribe(by.get(), product.data(), product.size(), capabilities.begin(), capabilities.size(), &callbacks,
                                                     given, &detail::destroy<function>, &id, &failure);
    if (code != DDTRACE_OK) return error::take(code, failure);
    return subscription(&ddtrace_rc_unsubscribe, by.share(), id);
}

} // namespace v0
} // namespace ddtrace

#endif
