"""What all tests share: pytest's own fixture for trying plugins, and this folder for helpers such as `loopback`."""

pytest_plugins = ["pytester"]
