// Package command reads the command line of a process: which program it is, and what that program was given to run. A
// sensor names the program that the kernel started, which for everything written in a scripting language is an
// interpreter; what it ran stands in its arguments.
//
// A command line in an alert is the words of argv joined by blanks: quotes are lost, and whoever started the process
// chose the words. What is read here is a lead to look at, never a proof.
package command
