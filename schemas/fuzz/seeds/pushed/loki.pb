
<
{app="shop", pod="a\"b"} 
€âÏªline
levelerror