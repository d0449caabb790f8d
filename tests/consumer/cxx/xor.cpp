// An outside project's program in C++: a network learns XOR.
#include <cstdlib>
#include <iostream>
#include <memory>
#include <ockham/ockham.h>
#include <stdexcept>

namespace
{
template <auto destroy> struct with {
    template <typename T> void operator()(T *object) const { destroy(object); }
};

using context = std::unique_ptr<ock_context, with<ock_context_destroy>>;
using model = std::unique_ptr<ock_model, with<ock_model_destroy>>;
using dataset = std::unique_ptr<ock_dataset, with<ock_dataset_destroy>>;

void check(ock_status status)
{
    if (status != OCK_OK)
        throw std::runtime_error(ock_status_message(status));
}

template <typename Handle, typename Create> Handle make(Create create)
{
    typename Handle::pointer object = nullptr;
    check(create(&object));
    return Handle(object);
}
} // namespace

int main()
try {
    const float x[][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    const int32_t labels[] = {0, 1, 1, 0};
    ock_arrays arrays = {};
    arrays.rows = 4;
    arrays.features = arrays.outputs = 2;
    arrays.x = *x;
    arrays.labels = labels;

    auto ctx = make<context>([](auto out) { return ock_context_create(nullptr, out); });
    auto data = make<dataset>([&](auto out) { return ock_dataset_create(ctx.get(), &arrays, out); });
    auto net = make<model>([&](auto out) { return ock_model_create(ctx.get(), 2, out); });
    check(ock_model_add_dense(net.get(), 16, OCK_TANH, nullptr));
    check(ock_model_add_dense(net.get(), 2, OCK_SOFTMAX, nullptr));

    ock_fit fit = ock_fit_defaults();
    fit.epochs = 200;
    fit.optimizer.learning_rate = 0.05f;
    ock_evaluation result = {};
    check(ock_model_fit(net.get(), data.get(), nullptr, &fit, nullptr));
    check(ock_model_evaluate(net.get(), data.get(), &fit, &result));
    std::cout << ock_context_device(ctx.get())->name << ": " << 4 * result.accuracy << " of 4\n";
    return result.accuracy == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
}
