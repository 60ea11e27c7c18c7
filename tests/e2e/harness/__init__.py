"""What the end-to-end tests stand on: real servers, the program under test, and the questions asked of them."""
