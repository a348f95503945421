// trainer.cc: the compiled half of Network.fit.
#include <optional>

#include "convstep/training.h"
#include "python/bindings.h"
#include "python/call.h"
#include "python/options.h"

namespace convstep::python {
namespace {

constexpr Wording::Argument kArguments[] = {{"images", "x"},
                                            {"rows", "x"},
                                            {"batch", "batch_size"},
                                            {"labels", "y"},
                                            {"targets", "y"},
                                            {"input", "x"},
                                            {"validation_images", "validation[0]"},
                                            {"validation_rows", "validation[0]"},
                                            {"validation, input", "validation[0]"},
                                            {"validation_labels", "validation[1]"},
                                            {"validation, labels", "validation[1]"},
                                            {"validation_targets", "validation[1]"},
                                            {"validation, targets", "validation[1]"}};
constexpr Wording kWording{kArguments};

// What convstep._training has, by its fields.
Optimizer to_optimizer(nb::handle optimizer) {
  const auto real = [&](const char* name) { return to_real(name, optimizer.attr(name)); };
  if (to_text("optimizer", optimizer.attr("_kind")) == "sgd") return Sgd{real("rate"), real("momentum"), real("decay")};
  return Adam{real("rate"), real("beta1"), real("beta2"), real("epsilon"), real("decay")};
}

// Examples: images or rows, and the class or the target of each. Arrays are aligned, of T or int64.
template <class T>
struct Examples {
  // Messages call them so.
  Examples(const char* x_name, nb::handle images, const char* y_name, nb::handle answers, bool are_classes)
      : x(x_name, images) {
    if (are_classes) {
      labels.emplace(y_name, answers);
    } else {
      targets.emplace(y_name, answers);
    }
  }
  Input x;
  std::optional<Indices> labels;
  std::optional<Input> targets;
};

template <class T>
class PythonTrainer {
  using Trainer = convstep::Trainer<T>;

 public:
  PythonTrainer(const Network<T>& network, nb::handle loss, nb::handle optimizer, nb::handle parts) {
    const std::string name = to_text("loss", loss);
    if (name != "cross_entropy" && name != "squared_error") {
      throw nb::value_error(("loss: got '" + name + "', expected 'cross_entropy' or 'squared_error'").c_str());
    }
    has_classes_ = name == "cross_entropy";
    takes_rows_ = network.inputs().size() == 1 && network.inputs()[0].shape.size() == 2;
    const TrainerOptions options{.loss = has_classes_ ? Loss::kCrossEntropy : Loss::kSquaredError,
                                 .optimizer = to_optimizer(optimizer),
                                 .parts = to_integer("parts", parts)};
    with_value_errors(kWording, [&] { trainer_.emplace(network, options); });
  }

  // Calls on_step(step, steps, loss), unless it is None, and on_epoch with what Epoch has.
  void fit(nb::handle x, nb::handle y, nb::handle epochs, nb::handle batch_size, nb::handle shuffle, nb::handle seed,
           nb::handle rate, nb::handle validation, nb::handle on_step, nb::handle on_epoch, nb::handle threads) {
    const Examples<T> examples("x", x, "y", y, has_classes_);
    std::optional<Examples<T>> held_out;
    if (!validation.is_none()) {
      held_out.emplace("validation[0]", validation[0], "validation[1]", validation[1], has_classes_);
    }
    typename Trainer::FitOptions options{.epochs = to_integer("epochs", epochs),
                                         .batch = to_integer("batch_size", batch_size),
                                         .shuffles = to_bool("shuffle", shuffle),
                                         .seed = to_seed(seed),
                                         .threads = to_threads(threads)};
    if (!rate.is_none()) {
      options.rate = [rate](int64_t step, int64_t steps) {
        const GilHeld held;
        return to_real("rate", nb::object(rate(step, steps)));
      };
    }
    options.on_step = [on_step, hear = interruptible()](int64_t step, int64_t steps, double loss) {
      hear(step, steps);
      if (on_step.is_none()) return;
      const GilHeld held;
      on_step(step, steps, loss);
    };
    options.on_epoch = [on_epoch](const Epoch& epoch) {
      const GilHeld held;
      on_epoch(epoch.loss, epoch.accuracy, epoch.validation_loss, epoch.validation_accuracy);
    };
    with_value_errors(kWording, [&] {
      if (takes_rows_) {
        const View<const T, 2> rows = examples.x.template view<T, 2>({});
        if (held_out) options.validation_rows = held_out->x.template view<T, 2>({});
        fit_to(rows, examples, held_out, options);
      } else {
        const View<const T, 4> images = examples.x.template view<T, 4>(kImages);
        if (held_out) options.validation_images = held_out->x.template view<T, 4>(kImages);
        fit_to(images, examples, held_out, options);
      }
    });
  }

  Network<T> network() const { return trainer_->network(); }

 private:
  template <int Rank>
  void fit_to(const View<const T, Rank>& inputs, const Examples<T>& examples,
              const std::optional<Examples<T>>& held_out, typename Trainer::FitOptions& options) {
    if (has_classes_) {
      const View<const int64_t, 1> labels = examples.labels->row();
      if (held_out) options.validation_labels = held_out->labels->row();
      without_gil([&] { trainer_->fit(inputs, labels, options); });
    } else {
      const View<const T, 2> targets = examples.targets->template view<T, 2>(kTargets);
      if (held_out) options.validation_targets = held_out->targets->template view<T, 2>(kTargets);
      without_gil([&] { trainer_->fit(inputs, targets, options); });
    }
  }

  static constexpr Rewrite kImages[] = {{3, "grey images", "[..., None]"}};
  static constexpr Rewrite kTargets[] = {{1, "one number of each", "[:, None]"}};

  std::optional<Trainer> trainer_;
  bool has_classes_ = false, takes_rows_ = false;
};

template <class T>
void bind(nb::module_& module, const char* name) {
  nb::class_<PythonTrainer<T>>(module, name, "The compiled half of Network.fit.")
      .def(
          "__init__",
          [](PythonTrainer<T>* trainer, const Network<T>& network, nb::handle loss, nb::handle optimizer,
             nb::handle parts) { new (trainer) PythonTrainer<T>(network, loss, optimizer, parts); },
          nb::arg("network"), nb::arg("loss").none(), nb::arg("optimizer").none(), nb::arg("parts").none())
      .def("fit", &PythonTrainer<T>::fit, nb::arg("x").none(), nb::arg("y").none(), nb::arg("epochs").none(),
           nb::arg("batch_size").none(), nb::arg("shuffle").none(), nb::arg("seed").none(), nb::arg("rate").none(),
           nb::arg("validation").none(), nb::arg("on_step").none(), nb::arg("on_epoch"), nb::arg("threads").none())
      .def("network", &PythonTrainer<T>::network);
}

}  // namespace

void bind_trainers(nb::module_& module) {
  bind<float>(module, "Trainer32");
  bind<double>(module, "Trainer64");
}

}  // namespace convstep::python
