"""The standardisations of ImageDataGenerator, and both forms of ZCA."""
import numpy as np
from keras.src.legacy.preprocessing import image

from common import NOISE_RUNS, Random, array, disturbed, number, record, spread, table, text

ROWS = 16
CASES = {
    "rescale": dict(rescale=0.5),
    "samplewise": dict(samplewise_center=True, samplewise_std_normalization=True),
    "samplewise_std": dict(samplewise_std_normalization=True, rescale=0.25),
    "featurewise_center": dict(featurewise_center=True),
    "featurewise": dict(featurewise_center=True, featurewise_std_normalization=True),
    "featurewise_std": dict(featurewise_std_normalization=True),
    "all": dict(rescale=2.0, samplewise_center=True, samplewise_std_normalization=True,
                featurewise_center=True, featurewise_std_normalization=True),
    "zca": dict(featurewise_center=True, zca_whitening=True),
    "zca, scaled": dict(featurewise_center=True, featurewise_std_normalization=True,
                        samplewise_center=True, zca_whitening=True, zca_epsilon=0.125),
}


def covariance_form(x, epsilon):
    """What Keras did before it took the singular values: of the centred x."""
    u, s, _ = np.linalg.svd(x.T @ x / len(x))
    return u @ np.diag(1 / np.sqrt(s + epsilon)) @ u.T


def keras_rows(x, options, form):
    generator = image.ImageDataGenerator(**options, data_format="channels_last", dtype="float64")
    generator.fit(x)
    if options.get("zca_whitening") and form == "COVARIANCE":
        centred = x - generator.mean
        if generator.featurewise_std_normalization:
            centred = centred / (generator.std + 1e-6)
        generator.zca_whitening_matrix = covariance_form(centred.reshape(len(x), -1),
                                                         generator.zca_epsilon)
    return np.array([generator.standardize(np.array(row)) for row in x])


def standardise():
    random, records = Random(12), []
    for channels in 1, 3:
        x = random.uniform(ROWS, 2, 3 // channels + 1, channels)
        array(f"standardise_{channels}_x", x)
        for name, options in CASES.items():
            for form in ("COVARIANCE", "SINGULAR") if "zca" in name else ("COVARIANCE",):
                y, i = keras_rows(x, options, form), len(records)
                noisy = [keras_rows(disturbed(random.rng, [x])[0], options, form)
                         for _ in range(NOISE_RUNS)]
                array(f"standardise_{i}_y", y)
                fields = {k: text(v) if isinstance(v, bool) else number(v)
                          for k, v in options.items()}
                fields.setdefault("zca_epsilon", number(1e-6))
                records.append(record(
                    name=f'"{name}, {form.lower()}, {channels}"',
                    options=record(**fields, channels=channels, zca_form=f"OCK_ZCA_{form}"),
                    features=x[0].size, x=f"standardise_{channels}_x", y=f"standardise_{i}_y",
                    spread=number(max(np.abs(n - y).max() for n in noisy))))
    print(f"enum {{ STANDARDISE_ROWS = {ROWS} }};\n")
    table("golden_standard", "standards", records)


TOPICS = (standardise,)
