"""The data sets that can be loaded by name: descriptions, sources and checksums."""

from dataclasses import dataclass

DIGITS = tuple("0123456789")
IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@dataclass(frozen=True)
class CatalogueEntry:
    """A data set that can be loaded by name: four IDX files of 28x28 grey images in ten classes.

    Attributes:
        name: its name on the command line.
        title: its full name.
        description: its content, in one or two sentences.
        class_names: the meaning of the ten labels, in order.
        homepage: the URL of its description.
        citation: the paper to cite.
        licence: the name of its licence.
        sha256: SHA-256 of each file by file name; of the compressed file if that ends in .gz.
        mirrors: URLs of folders with these files; none if the data set ships with the package.
    """

    name: str
    title: str
    description: str
    class_names: tuple[str, ...]
    homepage: str
    citation: str
    licence: str
    sha256: dict[str, str]
    mirrors: tuple[str, ...] = ()


MNIST = CatalogueEntry(
    name="mnist",
    title="MNIST database of handwritten digits",
    description=(
        "60,000 training and 10,000 test images of digits written by American census workers "
        "and high-school students, each scaled to 20x20 pixels and centred in 28x28 by its centre of mass."
    ),
    class_names=DIGITS,
    homepage="http://yann.lecun.com/exdb/mnist/",
    citation=(
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document "
        "recognition. Proceedings of the IEEE 86(11), 2278-2324, 1998."
    ),
    licence="Creative Commons Attribution-Share Alike 3.0",
    sha256=dict(
        zip(
            IDX_FILES,
            (
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
            strict=True,
        )
    ),
)

# The checksums of the two data sets below are those of the published files; source:
# url_checksums of TensorFlow Datasets (fashion_mnist.txt, kmnist.txt).
FASHION_MNIST = CatalogueEntry(
    name="fashion-mnist",
    title="Fashion-MNIST",
    description="60,000 training and 10,000 test images of articles of clothing from a shop.",
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    citation=(
        "H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, a novel image dataset for benchmarking "
        "machine learning algorithms. arXiv:1708.07747, 2017."
    ),
    licence="MIT",
    sha256={
        "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
)
KMNIST = CatalogueEntry(
    name="kmnist",
    title="Kuzushiji-MNIST",
    description="60,000 training and 10,000 test images of ten hiragana from old Japanese books.",
    class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    homepage="https://github.com/rois-codh/kmnist",
    citation=(
        "T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto, D. Ha: Deep learning "
        "for classical Japanese literature. arXiv:1812.01718, 2018."
    ),
    licence="Creative Commons Attribution-Share Alike 4.0",
    sha256={
        "train-images-idx3-ubyte.gz": "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
        "train-labels-idx1-ubyte.gz": "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
        "t10k-images-idx3-ubyte.gz": "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
        "t10k-labels-idx1-ubyte.gz": "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
    },
    mirrors=("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
)

CATALOGUE = {entry.name: entry for entry in (MNIST, FASHION_MNIST, KMNIST)}
